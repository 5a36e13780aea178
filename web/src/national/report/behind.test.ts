import { describe, expect, it } from 'vitest'
import { behind, movementsBehind, type ReportRow, type ReportState } from './report'

const state: ReportState = { from: '2026-01', to: '2026-10', province: [], class: [], industry: [], city: [], groupBy: ['month', 'province'], measure: 'members' }
const row = (of: Partial<ReportRow>) => ({ customers: 1, members: 1, incomeFen: 1, ...of }) as ReportRow

describe('what is behind a row', () => {
  it('is the next dimension of what it adds up', () => {
    expect(behind(state, row({ month: '2026-03', province: 591 }))).toBe('/reports?from=2026-03&to=2026-03&province=591&groupBy=city&measure=members')
    expect(behind({ ...state, groupBy: ['class'] }, row({ class: 'A1' }))).toBe('/reports?from=2026-01&to=2026-10&class=A1&groupBy=province&measure=members')
  })
  it('is who is new or was lost', () => {
    expect(movementsBehind(state, row({ month: '2026-03', city: '350100' }), 'lost')).toBe('/reports/movements?kind=lost&from=2026-03&to=2026-03&city=350100')
  })
  it('is the customers where nothing is left to tell apart', () => {
    const narrow = { ...state, province: [591], city: ['350100'], class: ['A1' as const] }
    expect(behind(narrow, row({ industry: 'I' }))).toBe('/customers?province=591&city=350100&class=A1&industry=I')
  })
})
