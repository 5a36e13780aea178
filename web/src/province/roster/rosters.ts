import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Schemas = components['schemas']

export type Roster = Schemas['RosterRosterView']
export type Entry = Schemas['RosterEntryView']
export type RosterFacts = Schemas['RosterFactsBody']

export const rosterFactsOf = ({ name, purpose, closed }: Roster): RosterFacts => ({ name, purpose, closed })

export const rostersQuery = queryOptions({
  queryKey: ['rosters'],
  queryFn: ({ signal }) => answer(province.GET('/api/rosters', { signal })),
})

export function entriesQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'rosters'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/rosters', { params: { path: { id: customerId } }, signal })),
  })
}
