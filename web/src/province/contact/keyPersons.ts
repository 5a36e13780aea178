import type { Contact } from './contacts'

export const decisionRoles: Contact['decisionRole'][] = [
  'unstated', 'decision_maker', 'influencer', 'gatekeeper', 'user', 'technical', 'payment', 'liaison',
]
export const attitudes: Contact['attitude'][] = ['unknown', 'supportive', 'neutral', 'opposed']
export const channels: Contact['channel'][] = ['any', 'phone', 'message', 'mail', 'visit']
export const influences = [0, 1, 2, 3, 4, 5] as const
export type Influence = (typeof influences)[number]

/** The columns of the map, the best news first. */
export const mapColumns: Contact['attitude'][] = ['supportive', 'neutral', 'opposed', 'unknown']

/** People of one influence, by the columns of the map. */
export interface MapRow {
  influence: Influence
  people: Contact[][]
}

/** The rows of the map, from decisive to not known. */
export function keyPersonMap(contacts: Contact[]): MapRow[] {
  return influences
    .toReversed()
    .map((influence) => ({
      influence,
      people: mapColumns.map((attitude) => contacts.filter((c) => c.influence === influence && c.attitude === attitude)),
    }))
    .filter((row) => row.people.some((people) => people.length > 0))
}

/** The parts that somebody plays at every customer, and that nobody is known for here. */
export function missingParts(contacts: Contact[]): Contact['part'][] {
  const parts: Contact['part'][] = ['decision_maker', 'influencer', 'user', 'payment', 'liaison']
  return parts.filter((part) => !contacts.some((c) => c.part === part))
}
