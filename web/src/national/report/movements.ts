import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components, operations } from '../../api/national.gen'
import { classes } from '../../reference/choices'
import { choice, choices, integer, list, numbers, text, writeState, type Parts } from '../../urlstate/urlState'

type Question = operations['report-movements']['parameters']['query']

export type Moved = components['schemas']['ReportMovedView']

export const kinds: Question['kind'][] = ['new', 'lost']

export interface MovementState {
  kind: Question['kind']
  from: string
  to: string
  province: number[]
  class: NonNullable<Question['class']>
  industry: string[]
  city: string[]
  page: number
  size: number
}

export const movementParts: Parts<MovementState> = {
  kind: choice(kinds, 'new'),
  from: text,
  to: text,
  province: numbers,
  class: choices(classes),
  industry: list,
  city: list,
  page: integer(1, 1, 50_000),
  size: integer(20, 1, 200),
}

export const movementPath = (state: MovementState) => `/reports/movements?${writeState(movementParts, state, new URLSearchParams())}`

/** The customers behind a figure; from and to are months that are filled in. */
export function movementQuery(query: Question) {
  return queryOptions({
    queryKey: ['movements', query],
    queryFn: ({ signal }) => answer(national.GET('/api/reports/movements', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}
