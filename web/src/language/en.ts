import antd from 'antd/locale/en_GB'
import 'dayjs/locale/en-gb'
import account from './en/account.json'
import attribute from './en/attribute.json'
import audit from './en/audit.json'
import contract from './en/contract.json'
import customer from './en/customer.json'
import edit from './en/edit.json'
import exporting from './en/exporting.json'
import format from './en/format.json'
import frame from './en/frame.json'
import handover from './en/handover.json'
import hierarchy from './en/hierarchy.json'
import importing from './en/importing.json'
import interaction from './en/interaction.json'
import job from './en/job.json'
import journal from './en/journal.json'
import keyperson from './en/keyperson.json'
import member from './en/member.json'
import merge from './en/merge.json'
import overview from './en/overview.json'
import problem from './en/problem.json'
import reference from './en/reference.json'
import search from './en/search.json'
import selection from './en/selection.json'
import site from './en/site.json'
import type { Pack } from './language'

export const pack: Pack = {
  texts: { ...account, ...attribute, ...audit, ...contract, ...customer, ...edit, ...exporting, ...format, ...frame, ...handover, ...hierarchy, ...importing, ...interaction, ...job, ...journal, ...keyperson, ...member, ...merge, ...overview, ...problem, ...reference, ...search, ...selection, ...site },
  antd,
  dayjs: 'en-gb',
}
