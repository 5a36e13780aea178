import { expect, test } from 'vitest'
import { freshnessMood } from './referenceData'

test('reference data is good while headquarters is heard and has nothing newer', () => {
  expect(freshnessMood({ epoch: 0, version: 0, head: 0, ageSeconds: -1 })).toBe('waiting')
  expect(freshnessMood({ epoch: 5, version: 7, head: 7, ageSeconds: 3 })).toBe('good')
  expect(freshnessMood({ epoch: 5, version: 7, head: 8, ageSeconds: 3 })).toBe('busy')
  expect(freshnessMood({ epoch: 5, version: 7, head: 7, ageSeconds: 601 })).toBe('warning')
})
