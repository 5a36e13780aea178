import { queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components } from '../../api/national.gen'
import type { Mood } from '../../table/Mark'

export type ProvinceState = components['schemas']['BoardProvinceView']
export type Certificate = components['schemas']['BoardCertificateView']

/** How often the board is read anew while it is looked at. */
const refresh = 5_000

export const boardQuery = queryOptions({
  queryKey: ['board'],
  queryFn: ({ signal }) => answer(national.GET('/api/provinces', { signal })),
  refetchInterval: refresh,
})

export const stateMoods: Record<ProvinceState['state'], Mood> = {
  waiting: 'waiting', joining: 'busy', running: 'good', refilling: 'busy', stopped: 'bad', paused: 'warning',
}
export const resultMoods: Record<Certificate['result'], Mood> = { clean: 'good', repaired: 'warning', diverged: 'bad' }

/** Data that is older than so many seconds calls for a look. */
const oldAfter = 60

export function lagMood(seconds: number): Mood {
  if (seconds < 0) return 'waiting'
  return seconds <= oldAfter ? 'good' : 'warning'
}

/** Whether somebody should look at the province. */
export function needsCare(p: ProvinceState): boolean {
  return p.advice.some((a) => a.urgency !== 'none')
}

export type Advice = ProvinceState['advice'][number]

export const urgencyMoods: Record<Advice['urgency'], Mood> = { now: 'bad', soon: 'warning', none: 'neutral' }

/** How many days count as enough, so that no number is worth showing. */
const enough = 365

/** A reserve in days: how good it is, and the number where one is worth showing. */
export function reserve(days: number | undefined): { mood: Mood; days?: string; text: 'days' | 'enough' | 'unknown' } {
  if (days === undefined) return { mood: 'neutral', text: 'unknown' }
  if (days >= enough) return { mood: 'good', text: 'enough' }
  return { mood: days < 0.5 ? 'bad' : days < 3 ? 'warning' : 'good', days: days < 10 ? days.toFixed(1) : days.toFixed(0), text: 'days' }
}
