import type { Dimension, Measure, ReportRow } from './report'

export interface Series {
  /** The value of the group's dimensions, empty for a single series; null for those that are not shown alone. */
  key: string | null
  values: (number | null)[]
}

/** What a chart can tell apart. */
const most = 10

const keyOf = (row: ReportRow, by: readonly Dimension[]) => by.map((d) => String(row[d] ?? '')).join(' · ')

/**
 * Turns rows into the series of a chart: months, or else the first dimension, run along the bottom,
 * and the other dimensions make a series each. Where these are too many the largest are shown and
 * the rest added up.
 */
export function seriesOf(rows: ReportRow[], groupBy: readonly Dimension[], measure: Measure): { along: string[]; series: Series[] } {
  const [bottom, ...others] = groupBy.includes('month') ? ['month' as const, ...groupBy.filter((d) => d !== 'month')] : groupBy
  if (!bottom) return { along: [], series: [] }
  const along = [...new Set(rows.map((row) => keyOf(row, [bottom])))]
  if (bottom === 'month') along.sort()
  const sums = new Map<string, (number | null)[]>()
  for (const row of rows) {
    const key = keyOf(row, others)
    const values = sums.get(key) ?? along.map(() => null)
    const i = along.indexOf(keyOf(row, [bottom]))
    values[i] = (values[i] ?? 0) + row[measure]
    sums.set(key, values)
  }
  const total = (values: (number | null)[]) => values.reduce<number>((sum, v) => sum + (v ?? 0), 0)
  const all = [...sums].map(([key, values]) => ({ key, values }))
  if (all.length <= most) return { along, series: all }
  const largestFirst = all.toSorted((a, b) => total(b.values) - total(a.values))
  const rest = largestFirst.slice(most - 1)
  const added = along.map((_, i) => rest.reduce<number | null>((sum, s) => (s.values[i] === null ? sum : (sum ?? 0) + (s.values[i] ?? 0)), null))
  return { along, series: [...largestFirst.slice(0, most - 1), { key: null, values: added }] }
}
