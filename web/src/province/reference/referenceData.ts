import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import type { Mood } from '../../table/Mark'
import { kinds, type Kind } from '../../referencedata/kinds'
import { choice, integer, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']

export type Row = Schemas['ReferenceRowView']
export type Freshness = Schemas['ReferenceStateView']
export type Notice = Schemas['ReferenceNoticeView']

export interface ReferenceState {
  kind: Kind
  q: string
  page: number
  size: number
}

export const referenceParts: Parts<ReferenceState> = {
  kind: choice(kinds, 'products'),
  q: text,
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

export const referenceKey = ['reference']

/** How often version and age are asked for. */
const refresh = 10_000

export const freshnessQuery = queryOptions({
  queryKey: [...referenceKey, 'state'],
  queryFn: ({ signal }) => answer(province.GET('/api/reference', { signal })),
  refetchInterval: refresh,
})

export function rowsQuery({ kind, q, ...pages }: ReferenceState) {
  return queryOptions({
    queryKey: [...referenceKey, kind, q, pages],
    queryFn: ({ signal }) => answer(province.GET('/api/reference/{kind}', { params: { path: { kind }, query: { ...pages, q: q || undefined } }, signal })),
    placeholderData: keepPreviousData,
  })
}

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: ({ signal }) => answer(province.GET('/api/notices', { signal })),
  refetchInterval: 60_000,
})

/** From this age on people should know that the data may be old. */
const old = 600

/** How good the freshness is: nothing yet, current, behind what headquarters announced, or long not heard of. */
export function freshnessMood({ epoch, version, head, ageSeconds }: Pick<Freshness, 'epoch' | 'version' | 'head' | 'ageSeconds'>): Mood {
  if (epoch === 0) return 'waiting'
  if (head > version) return 'busy'
  return ageSeconds > old ? 'warning' : 'good'
}
