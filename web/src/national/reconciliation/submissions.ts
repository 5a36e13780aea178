import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components } from '../../api/national.gen'
import type { Mood } from '../../table/Mark'
import { integer, text, type Parts } from '../../urlstate/urlState'
import { resultMoods } from '../board/board'
import { runMoods } from './runs'

type Schemas = components['schemas']

export type Submitting = Schemas['ReconciliationSubmittingView']
export type Submission = Schemas['ReconciliationSubmissionView']

export interface SubmissionState {
  until: string
  nights: number
  dataSet: string
}

export const submissionParts: Parts<SubmissionState> = { until: text, nights: integer(14, 1, 31), dataSet: text }

export function submissionsQuery({ until, nights, dataSet }: SubmissionState) {
  const query = { nights, until: until || undefined, dataSet: dataSet || undefined }
  return queryOptions({
    queryKey: ['runs', 'submissions', query],
    queryFn: ({ signal }) => answer(national.GET('/api/submissions', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

/** How good news a night is. */
export function moodOf(s: Submission): Mood {
  return s.result ? resultMoods[s.result] : runMoods[s.state]
}
