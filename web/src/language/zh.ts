import antd from 'antd/locale/zh_CN'
import 'dayjs/locale/zh-cn'
import account from './zh/account.json'
import attribute from './zh/attribute.json'
import audit from './zh/audit.json'
import contract from './zh/contract.json'
import customer from './zh/customer.json'
import edit from './zh/edit.json'
import exporting from './zh/exporting.json'
import format from './zh/format.json'
import frame from './zh/frame.json'
import handover from './zh/handover.json'
import hierarchy from './zh/hierarchy.json'
import importing from './zh/importing.json'
import interaction from './zh/interaction.json'
import job from './zh/job.json'
import journal from './zh/journal.json'
import keyperson from './zh/keyperson.json'
import member from './zh/member.json'
import merge from './zh/merge.json'
import overview from './zh/overview.json'
import problem from './zh/problem.json'
import reference from './zh/reference.json'
import search from './zh/search.json'
import selection from './zh/selection.json'
import site from './zh/site.json'
import type { Pack } from './language'

export const pack: Pack = {
  texts: { ...account, ...attribute, ...audit, ...contract, ...customer, ...edit, ...exporting, ...format, ...frame, ...handover, ...hierarchy, ...importing, ...interaction, ...job, ...journal, ...keyperson, ...member, ...merge, ...overview, ...problem, ...reference, ...search, ...selection, ...site },
  antd,
  dayjs: 'zh-cn',
}
