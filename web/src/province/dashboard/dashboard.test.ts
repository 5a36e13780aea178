import { expect, test } from 'vitest'
import { classRows, customersOf, customersOfGroup, growthOf } from './dashboard'

test('counts are added up by class and stage', () => {
  const rows = classRows([
    { class: 'A1', lifecycle: 'active', customers: 3 },
    { class: 'A1', lifecycle: 'lost', customers: 1 },
    { class: 'D', lifecycle: 'active', customers: 5 },
  ])
  expect(rows.map((r) => [r.class, r.stages.active, r.stages.lost, r.customers])).toEqual([
    ['A1', 3, 1, 4], ['A2', 0, 0, 0], ['B1', 0, 0, 0], ['B2', 0, 0, 0], ['C', 0, 0, 0], ['D', 5, 0, 5], ['', 8, 1, 9],
  ])
})

test('figures lead to their customers', () => {
  expect(customersOf({ class: 'A1', lifecycle: 'active' })).toBe('/customers?class=A1&lifecycle=active')
  expect(customersOf({ class: '', lifecycle: '' })).toBe('/customers')
  expect(customersOfGroup(7, false)).toBe('/customers?manager=7')
  expect(customersOfGroup(7, true)).toBe('/customers?unit=7')
  expect(customersOfGroup(0, true)).toBe('/customers?unassigned=true')
})

test('growth is against the month before', () => {
  expect(growthOf({ lastFen: 150, beforeFen: 100, arrearsFen: 0 })).toBe(5000)
  expect(growthOf({ lastFen: 150, beforeFen: 0, arrearsFen: 0 })).toBeNull()
})
