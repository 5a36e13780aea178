import type { components } from '../../api/province.gen'

export type Contract = components['schemas']['ContractView']
export type ContractFacts = components['schemas']['ContractStated']

export function contractFactsOf(c: Contract): ContractFacts {
  return {
    number: c.number, name: c.name, status: c.status, amountFen: c.amountFen,
    signedOn: c.signedOn, effectiveOn: c.effectiveOn, expiresOn: c.expiresOn, autoRenew: c.autoRenew,
  }
}
