import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Schemas = components['schemas']

export type Rule = Schemas['CompletenessRuleView']
export type Group = Schemas['CompletenessGroupView']
export type Row = Schemas['CompletenessRowView']
export type Fact = Schemas['CompletenessFindingView']['fact']

export const facts = [
  'identity', 'organisationType', 'legalPerson', 'registeredCapital', 'headcount', 'annualSales', 'address', 'postcode', 'profile', 'manager',
  'contact', 'phone', 'decisionMaker', 'site',
] as const satisfies readonly Fact[]

/** The block of a customer's page in which a fact is filled in. */
export function placeOf(fact: Fact): 'contacts' | 'customer' | 'sites' {
  if (fact === 'site') return 'sites'
  return ['contact', 'phone', 'decisionMaker'].includes(fact) ? 'contacts' : 'customer'
}

export const ruleQuery = queryOptions({
  queryKey: ['completeness', 'rule'],
  queryFn: ({ signal }) => answer(province.GET('/api/completeness/rule', { signal })),
  refetchInterval: (query) => query.state.data?.pending && 2_000,
})

export function groupsQuery(by: 'department' | 'manager', department: number) {
  return queryOptions({
    queryKey: ['completeness', by, department],
    queryFn: ({ signal }) => answer(province.GET('/api/completeness', { params: { query: { by, department } }, signal })),
  })
}

export function rowsQuery(manager: number, after: string) {
  return queryOptions({
    queryKey: ['completeness', 'customers', manager, after],
    queryFn: ({ signal }) => answer(province.GET('/api/completeness/customers', { params: { query: { manager, after: after || undefined } }, signal })),
  })
}

export function completenessQuery(id: number) {
  return queryOptions({
    queryKey: ['overview', id, 'completeness'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/completeness', { params: { path: { id } }, signal })),
  })
}
