import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { answer, national } from '../../api/client'
import type { components, operations } from '../../api/national.gen'
import { classes } from '../../reference/choices'
import type { Language } from '../../language/language'
import { movementPath } from './movements'
import { choice, choices, list, numbers, text, writeState, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']
type Question = operations['report-summary']['parameters']['query']

export type ReportRow = Schemas['ReportRowView']
export type Report = Schemas['ReportSummaryView']
export type Dimension = NonNullable<Question['groupBy']>[number]
export type Measure = keyof ReportRow['monthOnMonth']

/** The dimensions in the order in which the node sorts rows. */
export const dimensions: Dimension[] = ['month', 'province', 'city', 'class', 'industry']
export const measures: Measure[] = ['incomeFen', 'customers', 'newCustomers', 'lostCustomers', 'members']

export interface ReportState {
  from: string
  to: string
  province: number[]
  class: NonNullable<Question['class']>
  industry: string[]
  city: string[]
  groupBy: Dimension[]
  measure: Measure
}

export const reportParts: Parts<ReportState> = {
  from: text,
  to: text,
  province: numbers,
  class: choices(classes),
  industry: list,
  city: list,
  groupBy: choices(dimensions, ['month', 'province']),
  measure: choice(measures, 'incomeFen'),
}

const monthsShown = 12

/** The months of a report: those of the URL, else the last twelve that are over. */
export function monthsOf(state: Pick<ReportState, 'from' | 'to'>): { from: string; to: string } {
  const isMonth = (written: string) => /^\d{4}-(0[1-9]|1[0-2])$/.test(written)
  const to = isMonth(state.to) ? state.to : dayjs().subtract(1, 'month').format('YYYY-MM')
  const from = isMonth(state.from) ? state.from : dayjs(to).subtract(monthsShown - 1, 'month').format('YYYY-MM')
  return { from, to }
}

/** What rows are told apart by: something has to be. */
export const groupedBy = ({ groupBy }: ReportState): Dimension[] => (groupBy.length > 0 ? groupBy : ['month'])

function questionOf(state: ReportState): Question {
  const { measure: _, ...question } = state
  return { ...question, ...monthsOf(state), groupBy: groupedBy(state) }
}

export function reportQuery(state: ReportState) {
  const query = questionOf(state)
  return queryOptions({
    queryKey: ['report', query],
    queryFn: ({ signal }) => answer(national.GET('/api/reports/summary', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

/** Where the report is to be had as a workbook. */
export function workbookOf(state: ReportState, language: Language): string {
  const written = Object.entries({ ...questionOf(state), language }).map(([name, value]) => [name, String(value)])
  return `/api/reports/summary.xlsx?${new URLSearchParams(written.filter(([, value]) => value !== '') as [string, string][])}`
}

/** The page with a report. */
export const reportPath = (state: ReportState) => `/reports?${writeState(reportParts, state, new URLSearchParams())}`

/** What a row is about: the question narrowed to it. */
function at(state: ReportState, row: ReportRow): ReportState {
  return {
    ...state, ...monthsOf(state),
    ...(row.month && { from: row.month, to: row.month }),
    ...(row.province && { province: [row.province] }),
    ...(row.city && { city: [row.city] }),
    ...(row.class && { class: [row.class as 'A1'] }),
    ...(row.industry && { industry: [row.industry] }),
  }
}

/** The customers behind a row's figure of new or lost ones. */
export function movementsBehind(state: ReportState, row: ReportRow, kind: 'new' | 'lost'): string {
  const { measure: _, groupBy: __, ...filter } = at(state, row)
  return movementPath({ ...filter, kind, page: 1, size: 20 })
}

/**
 * What is behind a row: the report of what it adds up by the next dimension; where there is none, the
 * customers of that kind that provinces send up, which are some of those counted.
 */
export function behind(state: ReportState, row: ReportRow): string {
  const narrowed = at(state, row)
  const next = (['province', 'city', 'class', 'industry'] as const).find((d) => narrowed[d].length !== 1)
  if (next) return reportPath({ ...narrowed, groupBy: [next] })
  const customers = { province: narrowed.province, city: narrowed.city, class: narrowed.class, industry: narrowed.industry }
  return `/customers?${new URLSearchParams(Object.entries(customers).map(([name, values]) => [name, values.join()]))}`
}
