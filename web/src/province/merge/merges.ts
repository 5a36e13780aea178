import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { factsOf, type Customer, type CustomerFacts } from '../customer/customers'

export type Merge = components['schemas']['MergeMergeView']

export function mergesQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'merges'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/merges', { params: { path: { id: customerId } }, signal })),
  })
}

export type Take = Partial<Record<keyof CustomerFacts, boolean>>

/** The facts in which two customers differ. Where a customer is in its life cycle is not taken over. */
export function differing(survivor: Customer, other: Customer): (keyof CustomerFacts)[] {
  const [ours, theirs] = [factsOf(survivor), factsOf(other)]
  return (Object.keys(ours) as (keyof CustomerFacts)[]).filter((name) => name !== 'lifecycle' && ours[name] !== theirs[name])
}

/** What the survivor would take unless a person says otherwise: what it has not got itself. */
export function obvious(survivor: Customer, other: Customer): Take {
  const empty = (value: unknown) => value === null || value === ''
  return Object.fromEntries(differing(survivor, other).map((name) => [name, empty(factsOf(survivor)[name])]))
}
