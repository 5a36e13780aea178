import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { integer, numbers, readState, writeState, type Parts } from '../../urlstate/urlState'
import { choose, customerFilterParts, noFilter, type Choice, type CustomerFilterState } from '../customer/customers'
import { isOpen } from '../job/jobs'

export type Handover = components['schemas']['HandoverHandoverView']

export interface HandoverListState {
  page: number
  size: number
}

export const handoverListParts: Parts<HandoverListState> = { page: integer(1, 1, 1_000_000), size: integer(20, 1, 200) }

/** How often hand-overs that have not ended are asked for, in milliseconds. */
const often = 1000

export const runs = (h: Handover) => h.job !== null && isOpen(h.job)

export function handoverListQuery(query: HandoverListState) {
  return queryOptions({
    queryKey: ['handovers', query],
    queryFn: ({ signal }) => answer(province.GET('/api/handovers', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some(runs) ? often : false),
  })
}

export const handoverNoticesQuery = queryOptions({
  queryKey: ['handover-notices'],
  queryFn: ({ signal }) => answer(province.GET('/api/handovers/notices', { signal })),
})

export function responsibilityQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'responsibility'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/responsibility', { params: { path: { id: customerId } }, signal })),
  })
}

/** Which customers are meant, as the URL says it: those with the ids, or else all that the filter lets through. */
export const choiceParts = { ids: numbers, ...customerFilterParts }

export type ChoiceState = CustomerFilterState & { ids: number[] }

/** The choice as the node takes it; undefined: nothing is chosen yet. */
export function choiceOf(state: ChoiceState): Choice | undefined {
  const params = writeState(choiceParts, state, new URLSearchParams())
  if (params.size === 0) return undefined
  return choose(readState(choiceParts, params), state.ids)
}

/** Where some customers of a list, or all of it, are handed over. */
export function handoverPath(state: CustomerFilterState, ids: number[] = []): string {
  const chosen = { ...(ids.length > 0 ? noFilter : state), ids }
  return `/handovers/new?${writeState(choiceParts, chosen, new URLSearchParams())}`
}

/** The names on one side, of which at most three are shown, and how many others there are. */
export function namesOn(h: Handover, side: 'from' | 'to'): { names: string; others: number } {
  const all = h.parties.filter((p) => p.side === side).map((p) => p.name)
  return { names: all.slice(0, 3).join('、'), others: Math.max(0, all.length - 3) }
}

/** How many were handed over; of a job that is forgotten, the parties know it. */
export const handedOver = (h: Handover) =>
  h.job ? (h.job.counts.handedOver ?? 0) : h.parties.filter((p) => p.side === 'to').reduce((sum, p) => sum + p.customers, 0)
