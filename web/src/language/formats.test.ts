import { expect, test } from 'vitest'
import { formatsOf, nothing } from './formats'

const zh = formatsOf('zh')
const en = formatsOf('en')

test('moments have 24 hours in both languages', () => {
  expect(zh.dateTime('2026-07-05T16:04:09Z')).toBe('2026/07/06 00:04:09')
  expect(en.dateTime('2026-07-05T16:04:09Z')).toBe('06/07/2026, 00:04:09')
  expect(zh.dateTime(null)).toBe(nothing)
})

test('a column has the unit of its largest amount', () => {
  expect(zh.moneyUnit([null, 99, 12_345]).name).toBe('yuan')
  expect(zh.moneyUnit([1, 1_000_000]).name).toBe('tenThousandYuan')
  expect(zh.moneyUnit([-20_000_000_000]).name).toBe('hundredMillionYuan')
  expect(en.moneyUnit([1_000_000]).name).toBe('thousandYuan')
  expect(en.moneyUnit([100_000_000]).name).toBe('millionYuan')
  expect(zh.moneyUnit([]).name).toBe('yuan')
})

test('amounts have two decimals', () => {
  const amounts = [123_456_789]
  expect(zh.money(amounts[0], zh.moneyUnit(amounts))).toBe('123.46')
  expect(en.money(amounts[0], en.moneyUnit(amounts))).toBe('1.23')
  expect(zh.money(0, zh.moneyUnit([0]))).toBe('0.00')
  expect(zh.money(null, zh.moneyUnit(amounts))).toBe(nothing)
})

test('durations grow from seconds to days', () => {
  expect(zh.duration(0, '天')).toBe('0 s')
  expect(zh.duration(59.9, '天')).toBe('59 s')
  expect(zh.duration(3661, '天')).toBe('1:01:01')
  expect(zh.duration(2 * 86400 + 3600, '天')).toBe('2 天 01:00')
})

test('bytes and growth', () => {
  expect(en.bytes(0)).toBe('0 B')
  expect(en.bytes(1500)).toBe('1.5 kB')
  expect(en.bytes(64_000_000_000)).toBe('64 GB')
  expect(en.growth(1234)).toBe('+12.34%')
  expect(en.growth(-50)).toBe('-0.50%')
  expect(en.growth(null)).toBe(nothing)
})
