import type access from './zh/access.json'
import type account from './zh/account.json'
import type attribute from './zh/attribute.json'
import type audit from './zh/audit.json'
import type bulk from './zh/bulk.json'
import type company from './zh/company.json'
import type completeness from './zh/completeness.json'
import type contract from './zh/contract.json'
import type customer from './zh/customer.json'
import type dashboard from './zh/dashboard.json'
import type deputy from './zh/deputy.json'
import type departmentboard from './zh/departmentboard.json'
import type edit from './zh/edit.json'
import type exporting from './zh/exporting.json'
import type format from './zh/format.json'
import type frame from './zh/frame.json'
import type group from './zh/group.json'
import type handover from './zh/handover.json'
import type hierarchy from './zh/hierarchy.json'
import type importing from './zh/importing.json'
import type interaction from './zh/interaction.json'
import type job from './zh/job.json'
import type journal from './zh/journal.json'
import type keyperson from './zh/keyperson.json'
import type member from './zh/member.json'
import type merge from './zh/merge.json'
import type national from './zh/national.json'
import type organisation from './zh/organisation.json'
import type overview from './zh/overview.json'
import type pool from './zh/pool.json'
import type problem from './zh/problem.json'
import type reference from './zh/reference.json'
import type rights from './zh/rights.json'
import type roster from './zh/roster.json'
import type rule from './zh/rule.json'
import type savedreport from './zh/savedreport.json'
import type search from './zh/search.json'
import type selection from './zh/selection.json'
import type site from './zh/site.json'
import type situation from './zh/situation.json'
import type team from './zh/team.json'
import type value from './zh/value.json'
import type view from './zh/view.json'
import type wish from './zh/wish.json'

/** What is said before anybody has signed in, in the frame and on a province's first page. */
export type CommonTexts = typeof account &
  typeof customer &
  typeof format &
  typeof frame &
  typeof problem &
  typeof search

/** What a province's other pages say. */
export type ProvinceTexts = typeof access &
  typeof attribute &
  typeof audit &
  typeof bulk &
  typeof completeness &
  typeof contract &
  typeof deputy &
  typeof departmentboard &
  typeof edit &
  typeof exporting &
  typeof group &
  typeof handover &
  typeof hierarchy &
  typeof importing &
  typeof interaction &
  typeof job &
  typeof journal &
  typeof keyperson &
  typeof member &
  typeof merge &
  typeof organisation &
  typeof overview &
  typeof pool &
  typeof reference &
  typeof rights &
  typeof roster &
  typeof rule &
  typeof selection &
  typeof site &
  typeof situation &
  typeof team &
  typeof value &
  typeof view &
  typeof wish

/** What headquarters' pages say. */
export type NationalTexts = typeof access &
  typeof audit &
  typeof company &
  typeof dashboard &
  typeof edit &
  typeof national &
  typeof overview &
  typeof reference &
  typeof savedreport

/** Every text of the portal, by its key. Chinese is the original; en/ must have the same keys. */
export type Texts = CommonTexts & ProvinceTexts & NationalTexts

// With this the compiler refuses keys that do not exist, also where a key is put together from an
// enumeration of the API.
declare module 'i18next' {
  interface CustomTypeOptions {
    keySeparator: false
    nsSeparator: false
    pluralSeparator: '~'
    contextSeparator: '~'
    resources: { translation: Texts }
  }
}
