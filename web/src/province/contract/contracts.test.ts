import { expect, test } from 'vitest'
import { daysLeft, inChains, renewalOf, type Contract } from './contracts'

const contract = (id: number, renewsId: number | null = null, rest: Partial<Contract> = {}): Contract => ({
  id, renewsId, customerId: 1, number: `HT${id}`, name: '协议', status: 'active', amountFen: 5, autoRenew: false,
  signedOn: '2025-01-01', effectiveOn: '2025-01-01', expiresOn: '2025-12-31', version: 1, updatedAt: '2025-01-01T00:00:00Z', ...rest,
})

test('a renewal is for as long, from the day after, and not before today', () => {
  expect(renewalOf(contract(1), '2025-11-01')).toMatchObject({ number: '', status: 'draft', effectiveOn: '2026-01-01', expiresOn: '2026-12-31', amountFen: 5 })
  expect(renewalOf(contract(1), '2026-03-01').effectiveOn).toBe('2026-03-01')
})

test('days are counted for what is in force and ends soon', () => {
  expect(daysLeft(contract(1), '2025-12-31')).toBe(0)
  expect(daysLeft(contract(1), '2025-10-02')).toBe(90)
  expect(daysLeft(contract(1), '2025-10-01')).toBeUndefined()
  expect(daysLeft(contract(1), '2026-01-01')).toBeUndefined()
  expect(daysLeft(contract(1, null, { status: 'expired' }), '2025-12-31')).toBeUndefined()
})

test('chains stand together, and every contract stands once', () => {
  const list = [contract(4, 2), contract(9), contract(2, 1), contract(3, 2, { status: 'terminated' }), contract(1), contract(8, 77)]
  expect(inChains(list).map((c) => c.id)).toEqual([4, 2, 1, 9, 3, 8])
})
