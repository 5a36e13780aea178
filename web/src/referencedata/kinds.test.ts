import { expect, test } from 'vitest'
import { fieldsOf, formValues, kinds } from './kinds'

test('a form shows documents as text and what is missing as empty', () => {
  expect(formValues('policies', { number: 3, rule: { classes: ['A1'] }, effectiveAt: '2026-01-01T00:00:00Z' })).toEqual({
    number: 3, rule: '{"classes":["A1"]}', effectiveAt: '2026-01-01T00:00:00Z', note: '',
  })
  expect(formValues('products', {})['monthlyFeeFen']).toBeNull()
})

test('no kind has a field twice', () => {
  for (const kind of kinds) {
    const names = fieldsOf[kind].map((f) => f.name)
    expect(new Set(names).size).toBe(names.length)
  }
})
