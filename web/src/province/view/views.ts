import { queryOptions, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { useSearchParams } from 'react-router-dom'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { readState, useUrlState } from '../../urlstate/urlState'
import { boardOf, customerListParts, filterOf, sieveOf, type CustomerListState } from '../customer/customers'

export type View = components['schemas']['ViewShown']
export type Settings = components['schemas']['ViewSettings']

/** What the list can show of a customer after the name. */
export const columnKeys = [
  'creditCode', 'class', 'lifecycle', 'industry', 'city', 'manager', 'department', 'sensitive', 'crossesProvinces', 'keyAccount', 'national',
  'createdAt', 'updatedAt',
] as const

export type ColumnKey = (typeof columnKeys)[number]

/** What it shows where nobody chose. */
export const usualColumns: ColumnKey[] = ['class', 'lifecycle', 'industry', 'city', 'manager', 'national', 'updatedAt']

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: ({ signal }) => answer(province.GET('/api/views', { signal })),
  staleTime: 60_000,
})

const usual = readState(customerListParts, new URLSearchParams())

/** The list as a view has it, without what is no more. */
export function stateOf({ settings: { columns, filter, sort, dir, group, display = 'list' }, missing }: View): CustomerListState {
  return { ...usual, ...filterOf(filter), sort, dir, group: group ?? '', display, columns: columns.filter((key) => !missing.includes(key)) }
}

/** What a view keeps of the list. */
export function settingsOf(state: CustomerListState): Settings {
  const { columns, sort, dir, group } = state
  return { columns, filter: sieveOf(state), sort, dir, group: group || undefined, display: boardOf(state) && 'kanban' }
}

const { page: _page, size: _size, ...kept } = customerListParts

/** Whether the URL says more than which view it is. */
export const isChanged = (params: URLSearchParams) => Object.keys(kept).some((name) => params.has(name))

/**
 * The state of the customer list. The URL names the view that it begins with, and what is other than there. An empty
 * URL becomes that of the view that the person begins with.
 */
export function useViewedList() {
  const [params, setParams] = useSearchParams()
  const query = useQuery(viewsQuery)
  const views = query.data?.items
  const named = params.get('view')
  const view = views?.find((v) => String(v.id) === named)
  const first = params.size === 0 ? views?.find((v) => v.default) : undefined
  const base = useMemo(() => view && stateOf(view), [view])
  const [state, change] = useUrlState(customerListParts, base)

  const open = useCallback(
    (id: number, replace = false) => {
      const none = views?.some((v) => v.default) ? { view: '0' } : undefined // or an empty URL would be the first view
      setParams(id ? { view: String(id) } : none, { replace })
    },
    [views, setParams],
  )
  useEffect(() => {
    if (first) open(first.id, true)
  }, [first, open])

  const waits = first !== undefined || (query.isPending && (named !== null || params.size === 0))
  return {
    state, change, open, view, waits, views: views ?? [],
    /** A view is named that is not there, or not for this person. */
    unknown: Boolean(named && named !== '0' && views && !view),
    changed: isChanged(params),
  }
}

export type ViewedList = ReturnType<typeof useViewedList>
