import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { integer, type Parts } from '../../urlstate/urlState'

export type Site = components['schemas']['SiteView']
export type SiteFacts = components['schemas']['SiteStated']

export const siteKinds = ['headquarters', 'branch', 'factory', 'shop', 'data_room', 'other'] as const

/** The block's state has names of its own: other blocks of the page keep theirs in the same URL. */
export interface SiteListState {
  sitePage: number
  siteSize: number
}

export const siteListParts: Parts<SiteListState> = { sitePage: integer(1, 1, 1_000_000), siteSize: integer(20, 1, 200) }

export function sitesQuery(id: number, { sitePage, siteSize }: SiteListState) {
  const query = { page: sitePage, size: siteSize }
  return queryOptions({
    queryKey: ['overview', id, 'sites', query], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/sites', { params: { path: { id }, query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function siteFactsOf({ name, kind, city, district, street, contactId, openedOn, closedOn }: Site): SiteFacts {
  return { name, kind, city, district, street, contactId, openedOn, closedOn }
}
