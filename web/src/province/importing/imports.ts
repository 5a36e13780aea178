import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { integer, type Parts } from '../../urlstate/urlState'
import { isOpen, type Job } from '../job/jobs'

export type Import = components['schemas']['ImportingView']
export type WholeImport = components['schemas']['ImportingWholeView']
export type Settings = components['schemas']['ImportingStated']

export interface ImportListState {
  page: number
  size: number
}

export const importListParts: Parts<ImportListState> = { page: integer(1, 1, 1_000_000), size: integer(20, 1, 200) }

const often = 1000

const jobsOf = (i: Import): Job[] => [i.try, i.run, i.revert].filter((j) => j !== null)

export function importListQuery(query: ImportListState) {
  return queryOptions({
    queryKey: ['imports', 'list', query],
    queryFn: ({ signal }) => answer(province.GET('/api/imports', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some((i) => jobsOf(i).some(isOpen)) ? often : false),
  })
}

export function importQuery(id: number) {
  return queryOptions({
    queryKey: ['imports', id],
    queryFn: ({ signal }) => answer(province.GET('/api/imports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && jobsOf(state.data).some(isOpen) ? often : false),
  })
}

/** The lines of a job that have a reason: those that were refused, and those with a warning. */
export function reasonsQuery(job: Job, after: number, size: number) {
  return queryOptions({
    queryKey: ['job-lines', job.id, job.done, after, size],
    queryFn: ({ signal }) =>
      answer(province.GET('/api/jobs/{id}/lines', { params: { path: { id: job.id }, query: { reasoned: true, after, size } }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function upload(file: File) {
  return answer(
    province.POST('/api/imports', {
      params: { query: { name: file.name.slice(-200) } },
      headers: { 'Content-Type': 'application/octet-stream' },
      body: file as unknown as string, // bytes are text to the types
      bodySerializer: (bytes: unknown) => bytes as File,
    }),
  )
}

/** How far an import has come, as the steps are counted. */
export function stepOf(i: Import): 'set' | 'try' | 'run' | 'result' {
  if (i.run) return isOpen(i.run) ? 'run' : 'result'
  if (i.try) return isOpen(i.try) ? 'try' : 'run'
  return i.fields.length > 0 ? 'try' : 'set'
}

/** What a person begins with: what was stated, or else what the columns seem to mean. */
export function beginning(i: WholeImport): Settings {
  if (i.fields.length > 0) return { fields: i.fields, key: i.key, mode: i.mode, distinct: i.distinct }
  const key = (['number', 'creditCode', 'name'] as const).find((fact) => i.guess.includes(fact)) ?? 'name'
  return { fields: i.guess, key, mode: key === 'number' ? 'change' : 'both', distinct: false }
}
