import { describe, expect, it } from 'vitest'
import { growthOf, monthsBetween } from './companies'

describe('a company', () => {
  it('has months across a new year', () => {
    expect(monthsBetween('2025-11', '2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02'])
    expect(monthsBetween('2026-02', '2026-01')).toEqual([])
  })
  it('grows against what there was', () => {
    expect(growthOf(150, 100)).toBe(5000)
    expect(growthOf(0, 100)).toBe(-10_000)
    expect(growthOf(150, 0)).toBeNull()
  })
})
