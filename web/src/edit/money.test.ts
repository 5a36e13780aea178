import { expect, test } from 'vitest'
import { readMoney, writeMoney } from './money'

test('yuan are read exactly', () => {
  expect(readMoney('0.29', 2)).toBe(29)
  expect(readMoney('1,234.5', 2)).toBe(123450)
  expect(readMoney('90000000000000.07', 2)).toBe(9000000000000007)
  expect(readMoney('.5', 2)).toBe(50)
  expect(readMoney('12.', 2)).toBe(1200)
  expect(readMoney('1.500', 2)).toBe(150)
})

test('ten thousands of yuan are read exactly', () => {
  expect(readMoney('1.000001', 6)).toBe(1000001)
  expect(readMoney('5000', 6)).toBe(5000000000)
})

test('an empty text is no amount, anything else unreadable is refused', () => {
  expect(readMoney(' ', 2)).toBeNull()
  for (const wrong of ['x', '1.234', '-1', '.', '1.2.3', '1e5', '99999999999999999']) expect(readMoney(wrong, 2)).toBeNaN()
})

test('what is written is read back', () => {
  for (const fen of [0, 1, 29, 100, 123450, 5000000000]) {
    expect(readMoney(writeMoney(fen, 2), 2)).toBe(fen)
    expect(readMoney(writeMoney(fen, 6), 6)).toBe(fen)
  }
  expect(writeMoney(null, 2)).toBe('')
  expect(writeMoney(123450, 2)).toBe('1234.5')
})
