import { expect, test } from 'vitest'
import { changedFields } from './changedFields'

test('a change shows both sides of what differs', () => {
  expect(changedFields({ name: '甲', class: 'D', headcount: null }, { name: '乙', class: 'D', headcount: 5 })).toEqual([
    { name: 'name', before: '甲', after: '乙' },
    { name: 'headcount', before: '', after: '5' },
  ])
})

test('what is new has no side before, what is removed none after', () => {
  expect(changedFields({}, { status: 'draft', amountFen: 150 })).toEqual([
    { name: 'status', before: undefined, after: 'draft' },
    { name: 'amountFen', before: undefined, after: '¥1.5' },
  ])
  expect(changedFields({ contacts: [{ name: '甲' }] }, {})).toEqual([{ name: 'contacts', before: '[{"name":"甲"}]', after: undefined }])
})
