import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import type { Mood } from '../../table/Mark'
import { integer, type Parts } from '../../urlstate/urlState'

export type Job = components['schemas']['JobView']

export interface JobListState {
  page: number
  size: number
}

export const jobListParts: Parts<JobListState> = { page: integer(1, 1, 1_000_000), size: integer(20, 1, 200) }

export const jobMoods: Record<Job['state'], Mood> = { queued: 'waiting', running: 'busy', done: 'good', failed: 'bad', cancelled: 'neutral' }

/** How often a job that has not ended is asked for, in milliseconds. */
const often = 1000

export const isOpen = (job: Job) => job.finishedAt === null

export function jobListQuery(query: JobListState) {
  return queryOptions({
    queryKey: ['jobs', query],
    queryFn: ({ signal }) => answer(province.GET('/api/jobs', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some(isOpen) ? often : false),
  })
}

export function jobQuery(id: number) {
  return queryOptions({
    queryKey: ['job', id],
    queryFn: ({ signal }) => answer(province.GET('/api/jobs/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && !isOpen(state.data) ? false : often),
  })
}

/** Where what a job has made is fetched: an export's file, or its lines with their outcomes. */
export const productOf = (job: Job) => (job.kind === 'customer.export' ? `/api/exports/${job.id}/file` : resultOf(job.id))

/** Where a job's lines with their outcomes are fetched. */
export const resultOf = (id: number, refused = false) => `/api/jobs/${id}/result${refused ? '?only=refused' : ''}`
