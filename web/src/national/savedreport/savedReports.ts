import { queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components } from '../../api/national.gen'
import type { Mood } from '../../table/Mark'
import { groupedBy, type ReportState } from '../report/report'

type Schemas = components['schemas']

export type SavedReport = Schemas['SavedreportReportView']
export type SavedRun = Schemas['SavedreportRunView']
export type Settings = Schemas['SavedreportSettings']

export const periods: Settings['period'][] = ['last_month', 'last_12_months', 'this_year']
export const frequencies: Settings['schedule']['every'][] = ['never', 'daily', 'weekly', 'monthly']
export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const
export const runMoods: Record<SavedRun['state'], Mood> = { queued: 'waiting', done: 'good', failed: 'bad' }

export const savedReportsQuery = queryOptions({
  queryKey: ['saved-reports'],
  queryFn: ({ signal }) => answer(national.GET('/api/saved-reports', { signal })),
})

/** How often the runs are asked for, in milliseconds: while one is waited for, and else. */
const often = 1500
const seldom = 30_000

export function runsQuery(id: number) {
  return queryOptions({
    queryKey: ['saved-reports', id],
    queryFn: ({ signal }) => answer(national.GET('/api/saved-reports/{id}/runs', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.items.some((run) => run.state === 'queued' && run.attempts === 0) ? often : seldom),
  })
}

/** Where the workbook of a run is to be had. */
export const workbookPath = (run: SavedRun) => `/api/saved-report-runs/${run.id}/workbook`

/** The report's page as the saved report would be made now. */
export function stateOf({ from, to, settings: { province, city, class: classes, industry, groupBy, measures } }: SavedReport): ReportState {
  return { from, to, province, city, class: classes, industry, groupBy, measure: measures[0] ?? 'incomeFen' }
}

/** What is saved of a report's page, before anybody has said when it is made. */
export function settingsOf(state: ReportState): Settings {
  const { province, city, class: classes, industry, measure } = state
  return {
    groupBy: groupedBy(state), measures: [measure], province, city, class: classes, industry,
    period: 'last_month', language: 'zh', schedule: { every: 'never', day: 1, at: '08:00' },
  }
}
