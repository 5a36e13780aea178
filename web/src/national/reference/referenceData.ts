import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components } from '../../api/national.gen'
import { kinds, type Kind } from '../../referencedata/kinds'
import { choice, integer, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']

export type Row = Schemas['ReferenceRowView']
export type ImportResult = Schemas['ReferenceImportView']
export type Receiver = Schemas['ReferenceReceiverView']

export interface ReferenceState {
  kind: Kind
  q: string
  expired: 'true' | 'false'
  page: number
  size: number
}

export const referenceParts: Parts<ReferenceState> = {
  kind: choice(kinds, 'products'),
  q: text,
  expired: choice(['true', 'false'], 'false'),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

const queryKey = ['reference']

/** How often it is looked which version each province has. */
const refresh = 5_000

export const overviewQuery = queryOptions({
  queryKey: [...queryKey, 'overview'],
  queryFn: ({ signal }) => answer(national.GET('/api/reference', { signal })),
  refetchInterval: refresh,
})

export function rowsQuery({ kind, expired, q, ...pages }: ReferenceState) {
  return queryOptions({
    queryKey: [...queryKey, kind, expired, q, pages],
    queryFn: ({ signal }) =>
      answer(
        national.GET('/api/reference/{kind}', { params: { path: { kind }, query: { ...pages, q: q || undefined, expired: expired === 'true' } }, signal }),
      ),
    placeholderData: keepPreviousData,
  })
}

export const referenceKey = queryKey
