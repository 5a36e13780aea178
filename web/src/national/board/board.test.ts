import { expect, test } from 'vitest'
import { lagMood, needsCare, reserve, type ProvinceState } from './board'

const well = { connected: true, state: 'running', advice: [] as ProvinceState['advice'] } as ProvinceState

test('a province needs care when there is something to do', () => {
  expect(needsCare(well)).toBe(false)
  expect(needsCare({ ...well, advice: [{ code: 'paused', urgency: 'none' }] })).toBe(false)
  expect(needsCare({ ...well, advice: [{ code: 'paused', urgency: 'none' }, { code: 'parked', urgency: 'now' }] })).toBe(true)
})

test('nothing applied yet is neither good nor bad', () => {
  expect(lagMood(-1)).toBe('waiting')
  expect(lagMood(60)).toBe('good')
  expect(lagMood(61)).toBe('warning')
})

test('a reserve is shown by how long it lasts, and what is not known is no alarm', () => {
  expect(reserve(undefined)).toEqual({ mood: 'neutral', text: 'unknown' })
  expect(reserve(3650)).toEqual({ mood: 'good', text: 'enough' })
  expect(reserve(14)).toEqual({ mood: 'good', days: '14', text: 'days' })
  expect(reserve(2.04)).toEqual({ mood: 'warning', days: '2.0', text: 'days' })
  expect(reserve(0)).toEqual({ mood: 'bad', days: '0.0', text: 'days' })
})
