import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

export type Situation = components['schemas']['SituationView']
export type SituationFacts = components['schemas']['SituationStated']

// What is empty is not known, and is chosen by clearing.
export const trends = ['rises', 'stays', 'shrinks'] as const satisfies SituationFacts['sales'][]
export const plans = ['expand', 'move', 'renew', 'reduce', 'continue'] as const satisfies SituationFacts['plan'][]
export const carriers = ['mobile', 'telecom', 'unicom', 'broadnet', 'several'] as const satisfies SituationFacts['carrier'][]

/** The notes on a customer, that of the latest day first. */
export function situationsQuery(customerId: number) {
  return queryOptions({
    queryKey: ['situations', customerId],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/situations', { params: { path: { id: customerId } }, signal })),
  })
}

/** What a new note begins with: how the customer was known to stand, without the words that were said of it. */
export function beginningOf(newest: Situation | undefined, today: string): SituationFacts {
  const { sales = '', headcount = '', plan = '', carrier = '', carrierUntil = '', supplier = '', supplierUntil = '', budgetMonth = 0 } = newest ?? {}
  return { ofDay: today, sales, headcount, plan, carrier, carrierUntil, supplier, supplierUntil, budgetMonth, body: '' }
}
