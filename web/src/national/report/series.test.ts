import { expect, test } from 'vitest'
import type { ReportRow } from './report'
import { seriesOf } from './series'

const row = (fields: Partial<ReportRow>) => ({ customers: 1, members: 2, incomeFen: 100, ...fields }) as ReportRow

test('months run along the bottom, provinces are series, gaps stay gaps', () => {
  const rows = [
    row({ month: '2026-02', province: 591, incomeFen: 5 }),
    row({ month: '2026-01', province: 591, incomeFen: 3 }),
    row({ month: '2026-02', province: 200, incomeFen: 7 }),
  ]
  expect(seriesOf(rows, ['month', 'province'], 'incomeFen')).toEqual({
    along: ['2026-01', '2026-02'],
    series: [
      { key: '591', values: [3, 5] },
      { key: '200', values: [null, 7] },
    ],
  })
})

test('without months the first dimension runs along the bottom', () => {
  const rows = [row({ class: 'A1', customers: 4 }), row({ class: 'D', customers: 9 })]
  expect(seriesOf(rows, ['class'], 'customers')).toEqual({ along: ['A1', 'D'], series: [{ key: '', values: [4, 9] }] })
})

test('what is too much to tell apart is added up', () => {
  const rows = Array.from({ length: 14 }, (_, i) => row({ month: '2026-01', industry: String.fromCharCode(65 + i), members: i + 1 }))
  const { series } = seriesOf(rows, ['month', 'industry'], 'members')
  expect(series).toHaveLength(10)
  expect(series[0]).toEqual({ key: 'N', values: [14] })
  expect(series[9]).toEqual({ key: null, values: [1 + 2 + 3 + 4 + 5] })
})

test('no rows make an empty chart', () => {
  expect(seriesOf([], ['month'], 'members')).toEqual({ along: [], series: [] })
})
