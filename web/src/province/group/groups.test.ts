import { expect, test } from 'vitest'
import { readState, writeState } from '../../urlstate/urlState'
import { boardOf, customerListParts, filterOf } from '../customer/customers'
import { settingsOf, stateOf, type View } from '../view/views'
import { columnQuery, opened, targetsOf } from './groups'

const read = (url: string) => readState(customerListParts, new URLSearchParams(url))

test('a group opens the list of its customers', () => {
  expect(opened('class', 'A1')).toEqual({ class: ['A1'] })
  expect(opened('manager', '7')).toEqual({ manager: 7 })
  expect(opened('manager', '')).toEqual({ unassigned: 'true' })
  const state = { ...read('group=city&class=A1&page=3'), ...opened('city', '350100'), group: '' as const, page: 1 }
  expect(writeState(customerListParts, state, new URLSearchParams()).toString()).toBe('class=A1&city=350100')
})

test('a view keeps how the list is grouped, and a board only of what customers are moved along', () => {
  const kept = (url: string) => settingsOf(read(url))
  expect(kept('group=lifecycle&display=kanban')).toMatchObject({ group: 'lifecycle', display: 'kanban' })
  expect(kept('group=city&display=kanban')).toMatchObject({ group: 'city', display: undefined })
  expect(kept('')).toMatchObject({ group: undefined, display: undefined })
  for (const url of ['', 'group=manager', 'group=class&display=kanban&class=A1']) {
    const view = { settings: JSON.parse(JSON.stringify(kept(url))) as View['settings'], missing: [] as string[] } as View
    expect(stateOf(view)).toEqual(read(url))
  }
  expect(boardOf(read('display=kanban'))).toBeUndefined()
  expect(filterOf({ class: ['A1'] })).not.toHaveProperty('group')
})

test('a column goes on as long as there are cards', () => {
  const { getNextPageParam } = columnQuery(read(''), 'class', 'D')
  const page = { page: 1, size: 2, total: 5, more: false, items: [{}, {}] } as Parameters<typeof getNextPageParam>[0]
  const next = (change: object) => getNextPageParam({ ...page, ...change }, [], 1, [])
  expect([next({}), next({ page: 3 }), next({ page: 500, total: 1000, more: true }), next({ page: 501, total: 1000, more: true, items: [{}] })]).toEqual([
    2, undefined, 501, undefined,
  ])
})

test('a customer goes to every other class, and to the stages that follow its own', () => {
  const customer = { class: 'B1' as const, nextLifecycles: ['suspended' as const, 'lost' as const] }
  expect(targetsOf('class', customer)).toEqual(['A1', 'A2', 'B2', 'C', 'D'])
  expect(targetsOf('lifecycle', customer)).toEqual(['suspended', 'lost'])
  expect(targetsOf('lifecycle', { ...customer, nextLifecycles: [] })).toEqual([])
})
