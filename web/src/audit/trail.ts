import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { answer, province } from '../api/client'
import type { components, operations } from '../api/province.gen'
import { text, integer, type Parts } from '../urlstate/urlState'

export type TrailLine = components['schemas']['TrailLineView']
export type Verification = components['schemas']['TrailVerificationView']

type Question = NonNullable<operations['audit-search']['parameters']['query']>

export interface TrailState {
  actor: string
  action: string
  kind: string
  record: number
  customer: number
  from: string
  to: string
  after: string
}

export const trailParts: Parts<TrailState> = {
  actor: text,
  action: text,
  kind: text,
  record: integer(0),
  customer: integer(0),
  from: text,
  to: text,
  after: text,
}

/** What narrows nothing. */
export const everything: TrailState = { actor: '', action: '', kind: '', record: 0, customer: 0, from: '', to: '', after: '' }

/** A moment as the node reads it, of a local one in the URL (YYYY-MM-DDTHH:mm). */
function momentOf(local: string): string | undefined {
  const moment = dayjs(local || null)
  return moment.isValid() ? moment.toISOString() : undefined
}

// Both levels have the same operations on the trail.
export function trailQuery(state: TrailState) {
  const query: Question = {
    actor: state.actor.trim() || undefined,
    action: state.action || undefined,
    objectKind: state.kind || undefined,
    objectId: state.record || undefined,
    customerId: state.customer || undefined,
    from: momentOf(state.from),
    to: momentOf(state.to),
    after: state.after || undefined,
  }
  return queryOptions({
    queryKey: ['trail', query],
    queryFn: ({ signal }) => answer(province.GET('/api/audit', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

/** Asked again while one is under way. */
export const verificationsQuery = queryOptions({
  queryKey: ['trail-verifications'],
  queryFn: ({ signal }) => answer(province.GET('/api/audit/verifications', { signal })),
  refetchInterval: ({ state }) => (state.data?.items[0]?.state === 'running' ? 1_000 : false),
})
