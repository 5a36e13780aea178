import dayjs from 'dayjs'
import type { components } from '../../api/province.gen'

export type Contract = components['schemas']['ContractView']
export type ContractFacts = components['schemas']['ContractStated']

export function contractFactsOf(c: Contract): ContractFacts {
  return {
    number: c.number, name: c.name, status: c.status, amountFen: c.amountFen,
    signedOn: c.signedOn, effectiveOn: c.effectiveOn, expiresOn: c.expiresOn, autoRenew: c.autoRenew,
  }
}

/** What a renewal begins with: as much for as long, from the day after, and not before today. */
export function renewalOf(c: Contract, today: string): ContractFacts {
  const days = dayjs(c.expiresOn).diff(dayjs(c.effectiveOn), 'day')
  const after = dayjs(c.expiresOn).add(1, 'day').format('YYYY-MM-DD')
  const effectiveOn = after > today ? after : today
  return {
    ...contractFactsOf(c), number: '', status: 'draft', signedOn: today, effectiveOn,
    expiresOn: dayjs(effectiveOn).add(days, 'day').format('YYYY-MM-DD'),
  }
}

/** How many days a contract in force still has, once that is not many. */
export function daysLeft(c: Contract, today: string): number | undefined {
  const days = dayjs(c.expiresOn).diff(dayjs(today), 'day')
  return c.status === 'active' && days >= 0 && days <= 90 ? days : undefined
}

/** The contracts beside those that they renew, the newest of each chain first. */
export function inChains(contracts: Contract[]): Contract[] {
  const byId = new Map(contracts.map((c) => [c.id, c]))
  const renewed = new Set(contracts.map((c) => c.renewsId))
  const ordered: Contract[] = []
  for (const head of contracts.filter((c) => !renewed.has(c.id))) {
    for (let c: Contract | undefined = head; c && !ordered.includes(c); c = c.renewsId === null ? undefined : byId.get(c.renewsId)) ordered.push(c)
  }
  // Beside a renewal that was terminated another one leads to the same contract: it stands once.
  return ordered
}
