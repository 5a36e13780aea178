import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { numbers, type Parts } from '../../urlstate/urlState'

export type Rollup = components['schemas']['HierarchyRollupView']
export type Step = components['schemas']['HierarchyStepView']
export type TreeNode = components['schemas']['HierarchyNodeView']

/** The block's state has a name of its own: other blocks of the page keep theirs in the same URL. */
export interface TreeState {
  /** Customers whose children are shown. */
  opened: number[]
}

export const treeParts: Parts<TreeState> = { opened: numbers }

// Both are read anew with the page of the customer whose place is shown.

export function placeQuery(id: number) {
  return queryOptions({
    queryKey: ['overview', id, 'hierarchy'],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/hierarchy', { params: { path: { id } }, signal })),
  })
}

export function childrenQuery(page: number, id: number) {
  return infiniteQueryOptions({
    queryKey: ['overview', page, 'children', id],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      answer(province.GET('/api/customers/{id}/children', { params: { path: { id }, query: { after: pageParam } }, signal })),
    getNextPageParam: (last, all) => (all.reduce((n, p) => n + p.items.length, 0) < last.total ? last.items.at(-1)?.id : undefined),
  })
}
