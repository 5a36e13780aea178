import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { provinces } from './provinces'

test('the provinces are those of schemas/codes', () => {
  const source = readFileSync('../schemas/codes/province.go', 'utf8')
  const rows = [...source.matchAll(/\{"(\d\d)", (\d+), Name\{"([^"]+)", "([^"]+)"\}/g)]
  expect(rows).toHaveLength(31)
  expect(rows.map(([, gb, carrier, zh, en]) => ({ gb, carrier: Number(carrier), zh, en }))).toEqual(provinces)
})
