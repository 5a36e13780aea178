import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import type { Mood } from '../../table/Mark'
import { choice, integer, writeState, type Parts } from '../../urlstate/urlState'
import { customerFilterParts, filterOf } from '../customer/customers'
import { isOpen } from '../job/jobs'

export type ExportRequest = components['schemas']['ExportingRequestView']
export type ExportRule = components['schemas']['ExportingRuleView']

export const requestStates = ['waiting', 'approved', 'declined', 'expired'] as const

export const requestMoods: Record<ExportRequest['state'], Mood> = { waiting: 'waiting', approved: 'good', declined: 'bad', expired: 'neutral' }

interface RequestListState {
  state: ExportRequest['state'] | ''
  page: number
  size: number
}

export const requestListParts: Parts<RequestListState> = {
  state: choice(['', ...requestStates], ''),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

/** How often exports that run are asked for, in milliseconds. */
const often = 1000

export function requestListQuery({ state, page, size }: RequestListState) {
  const query = { state: state || undefined, page, size }
  return queryOptions({
    queryKey: ['export-requests', query],
    queryFn: ({ signal }) => answer(province.GET('/api/exports/requests', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => (data?.items.some((r) => r.job !== null && isOpen(r.job)) ? often : false),
  })
}

export const exportNoticesQuery = queryOptions({
  queryKey: ['export-requests', 'notices'],
  queryFn: ({ signal }) => answer(province.GET('/api/exports/requests/notices', { signal })),
})

export const exportRuleQuery = queryOptions({
  queryKey: ['export-rule'],
  queryFn: ({ signal }) => answer(province.GET('/api/exports/rule', { signal })),
})

/** Where the customers of a request are listed, within the reader's scope. */
export function customersPath({ filter }: ExportRequest): string {
  return `/customers?${writeState(customerFilterParts, filterOf(filter), new URLSearchParams())}`
}
