import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { answer, province } from '../../api/client'
import type { components, operations } from '../../api/province.gen'
import { choice, integer, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']
type Question = NonNullable<operations['exchange-list']['parameters']['query']>

export type ExchangeRow = Schemas['ExchangeRow']
/** An exchange with its messages. */
export type Exchange = ExchangeRow & Schemas['ExchangeView']

export interface JournalState {
  from: string
  to: string
  partner: string
  transId: string
  businessKey: string
  code: string
  direction: '' | 'in' | 'out'
  page: number
  size: number
}

export const journalParts: Parts<JournalState> = {
  from: text,
  to: text,
  partner: text,
  transId: text,
  businessKey: text,
  code: text,
  direction: choice(['', 'in', 'out'], ''),
  page: integer(1, 1, 10_000),
  size: integer(20, 1, 100),
}

/** The code of success. */
export const success = '0000'

/** A moment as the node reads it, of a local one in the URL (YYYY-MM-DDTHH:mm). */
export function momentOf(local: string): string | undefined {
  const moment = dayjs(local || null)
  return moment.isValid() ? moment.toISOString() : undefined
}

export function journalQuery(state: JournalState) {
  const { from, to, direction, page, size, ...words } = state
  const said = Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word.trim() || undefined]))
  const query: Question = { ...said, page, size, direction: direction || undefined, from: momentOf(from), to: momentOf(to) }
  return queryOptions({
    queryKey: ['exchanges', query],
    queryFn: ({ signal }) => answer(province.GET('/api/exchanges', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function exchangeQuery(id: number) {
  return queryOptions({
    queryKey: ['exchange', id],
    queryFn: async ({ signal }) =>
      (await answer(province.GET('/api/exchanges/{id}', { params: { path: { id } }, signal }))) as Exchange,
    staleTime: Infinity, // what has been said does not change
  })
}
