import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { classes } from '../../reference/choices'
import { choices, integer, type Parts } from '../../urlstate/urlState'

export type Pooled = components['schemas']['PoolPooledView']
export type PoolRule = components['schemas']['PoolRuleView']

export interface PoolState {
  class: Pooled['class'][]
  page: number
  size: number
}

export const poolParts: Parts<PoolState> = { class: choices(classes), page: integer(1, 1, 1_000_000), size: integer(20, 1, 200) }

export function poolQuery(query: PoolState) {
  return queryOptions({
    queryKey: ['pool', query],
    queryFn: ({ signal }) => answer(province.GET('/api/pool', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export const poolRuleQuery = queryOptions({
  queryKey: ['pool-rule'],
  queryFn: ({ signal }) => answer(province.GET('/api/pool/rule', { signal })),
})
