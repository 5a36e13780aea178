import { expect, test } from 'vitest'
import { beginningOf, type Situation } from './situations'

test('a new note begins with what the newest states, on its own day and with its own words', () => {
  const newest: Situation = {
    id: 7, ofDay: '2026-01-02', sales: 'rises', headcount: '', plan: 'move', carrier: 'telecom', carrierUntil: '2026-12-31', supplier: '虚构软件',
    supplierUntil: '', budgetMonth: 10, body: '年底搬迁', author: 'manager', at: '2026-01-02T03:04:05Z',
  }
  expect(beginningOf(newest, '2026-03-01')).toEqual({
    ofDay: '2026-03-01', sales: 'rises', headcount: '', plan: 'move', carrier: 'telecom', carrierUntil: '2026-12-31', supplier: '虚构软件',
    supplierUntil: '', budgetMonth: 10, body: '',
  })
  expect(beginningOf(undefined, '2026-03-01')).toMatchObject({ ofDay: '2026-03-01', sales: '', budgetMonth: 0 })
})
