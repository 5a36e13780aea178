import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components } from '../../api/national.gen'
import type { Mood } from '../../table/Mark'
import { integer, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']

export type Run = Schemas['ReconciliationRunView']
export type RunDetail = Schemas['ReconciliationDetailView']
export type Difference = Schemas['ReconciliationDifferenceView']

export type Night = Schemas['ReconciliationReport']

export interface RunListState {
  province: number
  page: number
  size: number
}

export const runListParts: Parts<RunListState> = { province: integer(0, 0, 999), page: integer(1, 1, 1_000_000), size: integer(20, 1, 100) }

export const runMoods: Record<Run['state'], Mood> = { running: 'busy', needs_approval: 'warning', done: 'good', failed: 'bad', canceled: 'warning' }

/** How often a run that goes on is looked at, and how often it is looked whether one has begun. */
const whileRunning = 1_000
const otherwise = 10_000

export function runListQuery(state: RunListState) {
  return queryOptions({
    queryKey: ['runs', state],
    queryFn: ({ signal }) => answer(national.GET('/api/reconciliations', { params: { query: state }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.items.some((run) => run.state === 'running') ? whileRunning : otherwise),
  })
}

export function runQuery(id: number) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => answer(national.GET('/api/reconciliations/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.run.state === 'running' ? whileRunning : false),
  })
}

/** The report of a night; empty is the last one. */
export const nightParts: Parts<{ night: string }> = { night: text }

export function nightQuery({ night }: { night: string }) {
  return queryOptions({
    queryKey: ['runs', 'night', night],
    queryFn: ({ signal }) => answer(national.GET('/api/reconciliation-report', { params: { query: night ? { night } : {} }, signal })),
    placeholderData: keepPreviousData,
  })
}

/** What a run compared, for a person. */
export function partOf(run: Run, everything: string): string {
  if (!run.table) return everything
  return run.from === null && run.to === null ? run.table : `${run.table} [${run.from ?? ''} … ${run.to ?? ''}]`
}
