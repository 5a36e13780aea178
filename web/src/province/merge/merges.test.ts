import { expect, test } from 'vitest'
import type { Customer } from '../customer/customers'
import { differing, obvious } from './merges'

const one = { name: 'A', creditCode: '', headcount: null, class: 'D', lifecycle: 'active', address: 'x' } as unknown as Customer

test('the survivor takes what it has not got', () => {
  const other = { ...one, creditCode: '91', headcount: 3, class: 'A1', lifecycle: 'lost' } as Customer
  expect(differing(one, other)).toEqual(['creditCode', 'class', 'headcount'])
  expect(obvious(one, other)).toEqual({ creditCode: true, class: false, headcount: true })
  expect(obvious(other, one)).toEqual({ creditCode: false, class: false, headcount: false })
})
