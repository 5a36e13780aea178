import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components, operations } from '../../api/province.gen'
import { classes, lifecycles } from '../../reference/choices'
import { choice, choices, integer, list, text, type Parts } from '../../urlstate/urlState'

export type Customer = components['schemas']['CustomerView']
export type CustomerRow = components['schemas']['CustomerListRow']
export type CustomerFacts = components['schemas']['CustomerStated']

type Question = NonNullable<operations['customer-list']['parameters']['query']>
export type CustomerSort = NonNullable<Question['sort']>

export interface CustomerListState {
  q: string
  class: Customer['class'][]
  lifecycle: Customer['lifecycle'][]
  industry: string[]
  city: string[]
  manager: number
  national: '' | 'true' | 'false'
  attribute: string
  value: string
  sort: CustomerSort
  dir: 'asc' | 'desc'
  page: number
  size: number
}

export const customerListParts: Parts<CustomerListState> = {
  q: text,
  class: choices(classes),
  lifecycle: choices(lifecycles),
  industry: list,
  city: list,
  manager: integer(0),
  national: choice(['', 'true', 'false'], ''),
  attribute: text,
  value: text,
  sort: choice(['id', 'number', 'name', 'class', 'lifecycle', 'industry', 'city', 'updatedAt'], 'id'),
  dir: choice(['asc', 'desc'], 'asc'),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

/** The list's question to the node. */
export function questionOf(state: CustomerListState): Question {
  const { q, manager, national, attribute, value, ...rest } = state
  const stated = attribute && value ? { attribute, value } : {}
  return { ...rest, ...stated, q: q.trim() || undefined, manager: manager || undefined, national: national || undefined }
}

export function customerListQuery(state: CustomerListState) {
  const query = questionOf(state)
  return queryOptions({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => answer(province.GET('/api/customers', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export const organisationQuery = queryOptions({
  queryKey: ['organisation'],
  queryFn: ({ signal }) => answer(province.GET('/api/organisation', { signal })),
  staleTime: 5 * 60_000,
})

export const organisationTypes = ['enterprise', 'government', 'public_institution', 'association', 'military', 'individual', 'other'] as const
export const licenceTypes = ['business_licence', 'organisation_code', 'tax', 'public_institution', 'association', 'letter', 'military'] as const
export const creditLevels = ['A', 'B', 'C', 'D'] as const

/** What can be changed of a customer. */
export function factsOf(c: Customer): CustomerFacts {
  return {
    name: c.name, creditCode: c.creditCode, industry: c.industry, city: c.city, class: c.class, lifecycle: c.lifecycle,
    managerId: c.managerId, parentId: c.parentId, legalPerson: c.legalPerson, address: c.address, postcode: c.postcode,
    registeredCapitalFen: c.registeredCapitalFen, annualSalesFen: c.annualSalesFen, headcount: c.headcount,
    crossProvince: c.crossProvince, sensitive: c.sensitive, profile: c.profile, remark: c.remark,
    organisationType: c.organisationType, licenceType: c.licenceType, licenceNumber: c.licenceNumber,
    creditLevel: c.creditLevel, creditLimitFen: c.creditLimitFen,
  }
}
