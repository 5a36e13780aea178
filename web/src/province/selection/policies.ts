import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import type { Mood } from '../../table/Mark'

type Schemas = components['schemas']

export type Policy = Schemas['SelectionVersionView']
export type Rule = Schemas['SelectionRuleView']
export type Trial = Schemas['SelectionTrial']
export type Explanation = Schemas['OverviewSelectionView']

export const policyMoods: Record<Policy['state'], Mood> = {
  draft: 'neutral', tried: 'waiting', approved: 'waiting', applying: 'busy', returning: 'busy', in_force: 'good', superseded: 'neutral', cancelled: 'neutral',
}

/** How often a version that is being carried over the customers is looked at, and one that may begin. */
const whileRolling = 1_000
const whileWaiting = 5_000

const rolls = (p: Policy) => p.state === 'applying' || p.state === 'returning'
const interval = (list: Policy[] | undefined) => {
  if (list?.some(rolls)) return whileRolling
  return list?.some((p) => p.state === 'approved') ? whileWaiting : false
}

export const policyListQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: ({ signal }) => answer(province.GET('/api/selection-policies', { signal })),
  refetchInterval: (query) => interval(query.state.data?.items),
})

export function policyQuery(version: number) {
  return queryOptions({
    queryKey: ['policy', version],
    queryFn: ({ signal }) => answer(province.GET('/api/selection-policies/{version}', { params: { path: { version } }, signal })),
    refetchInterval: (query) => interval(query.state.data && [query.state.data]),
  })
}

export function explanationQuery(id: number) {
  return queryOptions({
    queryKey: ['overview', id, 'selection'],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/selection', { params: { path: { id } }, signal })),
  })
}

/** How far a rollout is, in percent of the customers of the pass under way. */
export function percentOf({ state, rollout }: Policy): number {
  if (state === 'in_force' || state === 'superseded' || state === 'cancelled') return 100
  if (!rollout || rollout.total === 0) return 0
  // Of all passes together only the count is known: the one under way is what the whole ones leave.
  return Math.min(100, Math.round((100 * (rollout.judged % rollout.total || (rollout.judged && rollout.total))) / rollout.total))
}
