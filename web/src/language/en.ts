import antd from 'antd/locale/en_GB'
import 'dayjs/locale/en-gb'
import account from './en/account.json'
import customer from './en/customer.json'
import format from './en/format.json'
import frame from './en/frame.json'
import problem from './en/problem.json'
import search from './en/search.json'
import type { Pack } from './language'

export const pack: Pack = {
  texts: { ...account, ...customer, ...format, ...frame, ...problem, ...search },
  antd,
  dayjs: 'en-gb',
}
