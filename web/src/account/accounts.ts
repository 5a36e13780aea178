import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../api/client'
import type { components, operations } from '../api/province.gen'
import { choice, integer, text, type Parts } from '../urlstate/urlState'

export type Account = components['schemas']['AccountView']
export type Rights = components['schemas']['RightsView']
export type AccountRole = Account['role']
export type OpenSession = components['schemas']['OpenSession']

type Question = NonNullable<operations['account-list']['parameters']['query']>

export interface AccountListState {
  q: string
  role: AccountRole | ''
  state: 'active' | 'closed' | 'locked' | ''
  page: number
  size: number
}

export const accountRoles: AccountRole[] = [
  'account_manager', 'department_head', 'province_administrator', 'headquarters_analyst', 'headquarters_administrator',
]
export const accountStates = ['active', 'closed', 'locked'] as const

export const accountListParts: Parts<AccountListState> = {
  q: text,
  role: choice(['', ...accountRoles], ''),
  state: choice(['', ...accountStates], ''),
  page: integer(1, 1, 1_000_000),
  size: integer(50, 1, 200),
}

// Both levels have the same operations on accounts, as on sessions.
export function accountListQuery(state: AccountListState) {
  const query: Question = { ...state, q: state.q.trim() || undefined, role: state.role || undefined, state: state.state || undefined }
  return queryOptions({
    queryKey: ['accounts', query],
    queryFn: ({ signal }) => answer(province.GET('/api/accounts', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function accountQuery(id: number) {
  return queryOptions({
    queryKey: ['account', id],
    queryFn: ({ signal }) => answer(province.GET('/api/accounts/{id}', { params: { path: { id } }, signal })),
  })
}

export function rightsQuery(id: number) {
  return queryOptions({
    queryKey: ['account', id, 'rights'],
    queryFn: ({ signal }) => answer(province.GET('/api/accounts/{id}/rights', { params: { path: { id } }, signal })),
  })
}

export function accountSessionsQuery(id: number) {
  return queryOptions({
    queryKey: ['account', id, 'sessions'],
    queryFn: ({ signal }) => answer(province.GET('/api/accounts/{id}/sessions', { params: { path: { id } }, signal })),
  })
}

export const ownSessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: ({ signal }) => answer(province.GET('/api/session/all', { signal })),
})

/** What can be changed of an account. */
export interface AccountFacts {
  name: string
  role: AccountRole
  unitId: number
  active: boolean
}

export function accountFactsOf({ name, role, unitId, active }: Account): AccountFacts {
  return { name, role, unitId, active }
}
