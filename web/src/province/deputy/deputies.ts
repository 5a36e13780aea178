import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { choice, integer, type Parts } from '../../urlstate/urlState'

export type Deputy = components['schemas']['DeputyDeputyView']

export interface DeputyListState {
  state: 'open' | 'over'
  page: number
  size: number
}

export const deputyListParts: Parts<DeputyListState> = { state: choice(['open', 'over'], 'open'), page: integer(1, 1, 1_000_000), size: integer(20, 1, 200) }

/** Who stands in for whom; own are those in which one is the absent one or the deputy. */
export function deputyListQuery(query: DeputyListState & { own: boolean }) {
  return queryOptions({
    queryKey: ['deputies', query],
    queryFn: ({ signal }) => answer(province.GET('/api/deputies', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export const deputyNoticesQuery = queryOptions({
  queryKey: ['deputies', 'notices'],
  queryFn: ({ signal }) => answer(province.GET('/api/deputies/notices', { signal })),
})

/** Who can stand in for an account manager; absent 0 is nobody yet. */
export function candidatesQuery(absent: number) {
  return queryOptions({
    queryKey: ['deputies', 'candidates', absent],
    queryFn: ({ signal }) => answer(province.GET('/api/deputies/candidates', { params: { query: { absent } }, signal })),
    enabled: absent > 0,
  })
}
