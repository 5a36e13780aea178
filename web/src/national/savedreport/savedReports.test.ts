import { expect, test } from 'vitest'
import { settingsOf, stateOf, type SavedReport } from './savedReports'

test('a saved report leads to the page that it was saved from, in its present period', () => {
  const state = {
    from: '2020-01', to: '2020-02', province: [591], city: ['350100'], class: ['A1' as const], industry: ['I'],
    groupBy: ['month' as const, 'class' as const], measure: 'members' as const,
  }
  const saved = { from: '2026-10', to: '2026-10', settings: settingsOf(state) } as SavedReport
  expect(stateOf(saved)).toEqual({ ...state, from: '2026-10', to: '2026-10' })
  expect(settingsOf({ ...state, groupBy: [] }).groupBy).toEqual(['month'])
})
