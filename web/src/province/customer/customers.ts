import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components, operations } from '../../api/province.gen'
import { classes, lifecycles } from '../../reference/choices'
import { choice, choices, integer, list, readState, text, type Parts } from '../../urlstate/urlState'

export type Customer = components['schemas']['CustomerView']
export type CustomerRow = components['schemas']['CustomerListRow']
export type CustomerFacts = components['schemas']['CustomerStated']

type Question = NonNullable<operations['customer-list']['parameters']['query']>
export type CustomerSort = NonNullable<Question['sort']>

/** What the list can be grouped by. */
export const groupings = ['class', 'lifecycle', 'manager', 'city', 'industry'] as const

export type Grouping = (typeof groupings)[number]

export interface CustomerListState {
  q: string
  class: Customer['class'][]
  lifecycle: Customer['lifecycle'][]
  industry: string[]
  city: string[]
  manager: number
  /** Of the organisation, with everything below it. */
  unit: number
  mine: '' | 'true'
  /** Those in whose teams one is. */
  team: '' | 'true'
  unassigned: '' | 'true'
  sensitive: '' | 'true' | 'false'
  changed: '' | 'week'
  /** Days in which a contract ends. */
  due: number
  roster: number
  national: '' | 'true' | 'false'
  attribute: string
  value: string
  columns: string[]
  group: '' | Grouping
  display: 'list' | 'kanban'
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
  unit: integer(0),
  mine: choice(['', 'true'], ''),
  team: choice(['', 'true'], ''),
  unassigned: choice(['', 'true'], ''),
  sensitive: choice(['', 'true', 'false'], ''),
  changed: choice(['', 'week'], ''),
  due: integer(0, 0, 365),
  roster: integer(0),
  national: choice(['', 'true', 'false'], ''),
  attribute: text,
  value: text,
  columns: list,
  group: choice(['', ...groupings], ''),
  display: choice(['list', 'kanban'], 'list'),
  sort: choice(['id', 'number', 'name', 'class', 'lifecycle', 'industry', 'city', 'updatedAt'], 'id'),
  dir: choice(['asc', 'desc'], 'asc'),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

/** What the columns of the board are, if the list is shown as one. */
export const boardOf = ({ group, display }: CustomerListState) =>
  display === 'kanban' && (group === 'class' || group === 'lifecycle') ? group : undefined

export type CustomerSieve = components['schemas']['CustomerSieve']
/** The state by which the list is filtered. */
export type CustomerFilterState = Omit<CustomerListState, 'columns' | 'group' | 'display' | 'sort' | 'dir' | 'page' | 'size'>

const { columns: _columns, group: _group, display: _display, sort: _sort, dir: _dir, page: _page, size: _size, ...filterParts } = customerListParts

export const customerFilterParts: Parts<CustomerFilterState> = filterParts

export const noFilter: CustomerFilterState = readState(customerFilterParts, new URLSearchParams())

/** What the node filters by. */
export function sieveOf(state: CustomerFilterState): CustomerSieve {
  const { q, lifecycle, industry, city, manager, unit, mine, team, unassigned, sensitive, changed, due, roster, national, attribute, value } = state
  const stated = attribute && value ? { attribute, value } : {}
  return {
    ...stated, class: state.class, lifecycle, industry, city, q: q.trim() || undefined, manager: manager || undefined, unit: unit || undefined,
    mine: mine === 'true' || undefined, team: team === 'true' || undefined, unassigned: unassigned === 'true' || undefined, sensitive: sensitive || undefined,
    changed: changed || undefined, due: due || undefined, roster: roster || undefined, national: national || undefined,
  }
}

export type Choice = components['schemas']['CustomerChoiceBody']

/** Some customers of the list, or with no ids all that the filter lets through. */
export function choose(state: CustomerFilterState, ids: number[]): Choice {
  return ids.length > 0 ? { customers: ids } : { customers: [], filter: sieveOf(state) }
}

/** The state that filters as the node was asked to. */
export function filterOf(sieve: CustomerSieve): CustomerFilterState {
  const { mine, team, unassigned, ...rest } = sieve
  return { ...noFilter, ...(rest as Partial<CustomerFilterState>), mine: mine ? 'true' : '', team: team ? 'true' : '', unassigned: unassigned ? 'true' : '' }
}

const ofAttribute = 'attribute.'

/** The key of a custom attribute's column. */
export const columnOf = (code: string) => ofAttribute + code

/** The custom attribute whose column has the key. */
export const attributeOf = (key: string) => (key.startsWith(ofAttribute) ? key.slice(ofAttribute.length) : undefined)

/** The list's question to the node. */
export function questionOf(state: CustomerListState): Question {
  const { columns, sort, dir, page, size } = state
  const attributes = columns.flatMap((key) => attributeOf(key) ?? [])
  return { ...sieveOf(state), sort, dir, page, size, attributes }
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
