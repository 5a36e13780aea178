import { expect, test } from 'vitest'
import { momentOf } from './exchanges'

test('a local moment goes to the node as a moment of the world', () => {
  expect(momentOf('2026-07-01T08:30')).toBe('2026-07-01T00:30:00.000Z') // tests run in Shanghai's zone
})

test('no moment is no filter', () => {
  expect(momentOf('')).toBeUndefined()
  expect(momentOf('soon')).toBeUndefined()
})
