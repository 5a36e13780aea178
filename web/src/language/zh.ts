import antd from 'antd/locale/zh_CN'
import 'dayjs/locale/zh-cn'
import account from './zh/account.json'
import customer from './zh/customer.json'
import format from './zh/format.json'
import frame from './zh/frame.json'
import problem from './zh/problem.json'
import search from './zh/search.json'
import type { Pack } from './language'

export const pack: Pack = {
  texts: { ...account, ...customer, ...format, ...frame, ...problem, ...search },
  antd,
  dayjs: 'zh-cn',
}
