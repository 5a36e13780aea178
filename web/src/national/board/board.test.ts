import { expect, test } from 'vitest'
import { lagMood, needsCare, type ProvinceState } from './board'

const well = { connected: true, state: 'running', divergences: 0, lagSeconds: 3 } as ProvinceState

test('a province that is well needs no care, any trouble does', () => {
  expect(needsCare(well)).toBe(false)
  for (const trouble of [{ connected: false }, { state: 'stopped' }, { divergences: 1 }, { lagSeconds: 61 }]) {
    expect(needsCare({ ...well, ...trouble } as ProvinceState)).toBe(true)
  }
  expect(needsCare({ ...well, lastCertificate: { result: 'diverged' } } as ProvinceState)).toBe(true)
  expect(needsCare({ ...well, lastCertificate: { result: 'repaired' } } as ProvinceState)).toBe(false)
})

test('nothing applied yet is neither good nor bad', () => {
  expect(lagMood(-1)).toBe('waiting')
  expect(lagMood(60)).toBe('good')
  expect(lagMood(61)).toBe('warning')
})
