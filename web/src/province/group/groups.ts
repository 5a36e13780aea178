import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { classes } from '../../reference/choices'
import { questionOf, sieveOf, type CustomerFilterState, type CustomerListState, type CustomerRow, type Grouping } from '../customer/customers'

export type Group = components['schemas']['CustomerGroupView']

/** How what is grouped by is called. */
export const groupTexts = {
  class: 'customer.class', lifecycle: 'customer.lifecycle', manager: 'customer.manager', city: 'customer.city', industry: 'customer.industry',
} as const satisfies Record<Grouping, string>

export function groupsQuery(state: CustomerFilterState, by: Grouping) {
  const query = { ...sieveOf(state), by }
  return queryOptions({
    queryKey: ['customers', 'groups', query],
    queryFn: ({ signal }) => answer(province.GET('/api/customer-groups', { params: { query }, signal })),
  })
}

/** What else the list of a group is filtered by. */
export function opened(by: Grouping, value: string): Partial<CustomerFilterState> {
  if (by !== 'manager') return { [by]: [value] }
  return value ? { manager: Number(value) } : { unassigned: 'true' }
}

/** Where a customer may be moved on a board: to every other class, but from stage to stage as the life cycle goes. */
export const targetsOf = (by: 'class' | 'lifecycle', customer: Pick<CustomerRow, 'class' | 'nextLifecycles'>): string[] =>
  by === 'class' ? classes.filter((c) => c !== customer.class) : customer.nextLifecycles

/** How many cards a column of a board shows, and how many more at a time. */
const cards = 20

/** The customers of a column of a board, page by page, in the order of the list. */
export function columnQuery(state: CustomerListState, by: Grouping, value: string) {
  const query = { ...questionOf({ ...state, ...opened(by, value), columns: [] }), size: cards }
  return infiniteQueryOptions({
    queryKey: ['customers', 'column', { ...query, page: 1 }],
    queryFn: ({ pageParam, signal }) => answer(province.GET('/api/customers', { params: { query: { ...query, page: pageParam } }, signal })),
    initialPageParam: 1,
    getNextPageParam: ({ page, size, total, more, items }) => (page * size < total || (more && items.length === size) ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  })
}
