import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Schemas = components['schemas']

export type Roster = Schemas['RosterRosterView']
export type Entry = Schemas['RosterEntryView']
export type Listed = Schemas['RosterListedView']
export type RosterFacts = Schemas['RosterFactsBody']

export const rosterFactsOf = ({ name, purpose, closed }: Roster): RosterFacts => ({ name, purpose, closed })

export const rostersQuery = queryOptions({
  queryKey: ['rosters'],
  queryFn: ({ signal }) => answer(province.GET('/api/rosters', { signal })),
})

/** The customers of a roster after one of them. They are read anew when a proposal is decided. */
export function listedQuery(id: number, after: number) {
  return queryOptions({
    queryKey: ['proposals', `roster-${id}`, 'customers', after],
    queryFn: ({ signal }) => answer(province.GET('/api/rosters/{id}/customers', { params: { path: { id }, query: { after } }, signal })),
  })
}

export function entriesQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'rosters'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/rosters', { params: { path: { id: customerId } }, signal })),
  })
}
