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

export const stateMoods: Record<ProvinceState['state'], Mood> = { waiting: 'waiting', joining: 'busy', running: 'good', refilling: 'busy', stopped: 'bad' }
export const resultMoods: Record<Certificate['result'], Mood> = { clean: 'good', repaired: 'warning', diverged: 'bad' }

/** Data that is older than so many seconds calls for a look. */
const oldAfter = 60

export function lagMood(seconds: number): Mood {
  if (seconds < 0) return 'waiting'
  return seconds <= oldAfter ? 'good' : 'warning'
}

/** Whether somebody should look at the province. */
export function needsCare(p: ProvinceState): boolean {
  return !p.connected || p.state === 'stopped' || p.divergences > 0 || p.lagSeconds > oldAfter || p.lastCertificate?.result === 'diverged'
}
