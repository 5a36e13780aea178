import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components, operations } from '../../api/national.gen'
import { classes, lifecycles } from '../../reference/choices'
import { choice, choices, integer, list, numbers, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']
type Question = NonNullable<operations['customer-list']['parameters']['query']>

export type Customer = Schemas['CustomerCustomerView']
export type CustomerDetail = Schemas['CustomerDetailView']
export type Related = Schemas['CustomerRelatedView']

export interface CustomerListState {
  q: string
  province: number[]
  class: NonNullable<Question['class']>
  lifecycle: NonNullable<Question['lifecycle']>
  industry: string[]
  city: string[]
  crossProvince: '' | 'true' | 'false'
  sort: NonNullable<Question['sort']>
  dir: 'asc' | 'desc'
  page: number
  size: number
}

export const customerListParts: Parts<CustomerListState> = {
  q: text,
  province: numbers,
  class: choices(classes),
  lifecycle: choices(lifecycles),
  industry: list,
  city: list,
  crossProvince: choice(['', 'true', 'false'], ''),
  sort: choice(['id', 'province', 'number', 'name', 'class', 'lifecycle', 'industry', 'city', 'updatedAt'], 'id'),
  dir: choice(['asc', 'desc'], 'asc'),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

export function customerListQuery({ q, crossProvince, ...rest }: CustomerListState) {
  const query: Question = { ...rest, q: q.trim() || undefined, crossProvince: crossProvince || undefined }
  return queryOptions({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => answer(national.GET('/api/customers', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function customerQuery(inProvince: number, id: number) {
  return queryOptions({
    queryKey: ['customer', inProvince, id],
    queryFn: ({ signal }) =>
      answer(national.GET('/api/customers/{province}/{id}', { params: { path: { province: inProvince, id } }, signal })),
  })
}
