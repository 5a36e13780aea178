/** Where a province stands on the map of tiles, one tile for each: column and row from the north-west.
 * Small provinces are as easy to see and to touch as large ones. The letters are those of ISO 3166-2. */
export const tiles: Record<number, { column: number; row: number; letters: string }> = {
  451: { column: 8, row: 1, letters: 'HL' },
  991: { column: 1, row: 2, letters: 'XJ' },
  471: { column: 5, row: 2, letters: 'NM' },
  100: { column: 6, row: 2, letters: 'BJ' },
  240: { column: 7, row: 2, letters: 'LN' },
  431: { column: 8, row: 2, letters: 'JL' },
  971: { column: 2, row: 3, letters: 'QH' },
  931: { column: 3, row: 3, letters: 'GS' },
  951: { column: 4, row: 3, letters: 'NX' },
  351: { column: 5, row: 3, letters: 'SX' },
  311: { column: 6, row: 3, letters: 'HE' },
  220: { column: 7, row: 3, letters: 'TJ' },
  290: { column: 4, row: 4, letters: 'SN' },
  371: { column: 5, row: 4, letters: 'HA' },
  531: { column: 6, row: 4, letters: 'SD' },
  891: { column: 2, row: 5, letters: 'XZ' },
  280: { column: 3, row: 5, letters: 'SC' },
  230: { column: 4, row: 5, letters: 'CQ' },
  270: { column: 5, row: 5, letters: 'HB' },
  551: { column: 6, row: 5, letters: 'AH' },
  250: { column: 7, row: 5, letters: 'JS' },
  210: { column: 8, row: 5, letters: 'SH' },
  851: { column: 4, row: 6, letters: 'GZ' },
  731: { column: 5, row: 6, letters: 'HN' },
  791: { column: 6, row: 6, letters: 'JX' },
  571: { column: 7, row: 6, letters: 'ZJ' },
  871: { column: 3, row: 7, letters: 'YN' },
  771: { column: 4, row: 7, letters: 'GX' },
  200: { column: 5, row: 7, letters: 'GD' },
  591: { column: 6, row: 7, letters: 'FJ' },
  898: { column: 5, row: 8, letters: 'HI' },
}

/** Shades from little to much, each with a text colour that contrasts by more than 4.5 to 1. */
export const shades = [
  { background: '#e6f4ff', color: '#003a8c' },
  { background: '#bae0ff', color: '#003a8c' },
  { background: '#69b1ff', color: '#001d66' },
  { background: '#0958d9', color: '#ffffff' },
  { background: '#002c8c', color: '#ffffff' },
] as const

/** Which shade a value has among those of all provinces: fifths of the provinces, by rank. */
export function shadeOf(value: number, all: readonly number[]): (typeof shades)[number] {
  const below = all.filter((v) => v < value).length
  return shades[Math.min(shades.length - 1, Math.floor((below * shades.length) / Math.max(1, all.length)))]!
}
