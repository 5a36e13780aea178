import { describe, expect, it } from 'vitest'
import { provinces } from '../../reference/provinces'
import { shadeOf, shades, tiles } from './tiles'

describe('the map of tiles', () => {
  it('has each province once, and no two in one place', () => {
    expect(Object.keys(tiles).map(Number).toSorted()).toEqual(provinces.map((p) => p.carrier as number).toSorted())
    expect(new Set(Object.values(tiles).map((t) => `${t.column}/${t.row}`)).size).toBe(provinces.length)
    expect(new Set(Object.values(tiles).map((t) => t.letters)).size).toBe(provinces.length)
  })
  it('shades by rank', () => {
    const all = [10, 20, 30, 40, 50]
    expect(all.map((v) => shades.indexOf(shadeOf(v, all)))).toEqual([0, 1, 2, 3, 4])
    expect(shadeOf(7, [7, 7])).toBe(shades[0])
  })
})
