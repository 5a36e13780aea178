import { expect, test } from 'vitest'
import { next } from './find'

test('arrows go round the ends of a list', () => {
  expect([next('ArrowDown', 0, 3), next('ArrowDown', 2, 3), next('ArrowUp', 0, 3), next('ArrowUp', 2, 3)]).toEqual([1, 0, 2, 1])
  expect(next('ArrowDown', 0, 0)).toBe(-1)
})
