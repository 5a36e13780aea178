import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Schemas = components['schemas']

export type TeamMember = Schemas['TeamMemberView']
export type TeamNotice = Schemas['TeamNoticeView']
export type Duty = TeamMember['duty']

export const duties: Duty[] = ['assistant', 'project_manager', 'solution_specialist', 'delivery_engineer', 'service_specialist', 'billing_specialist']

/** Who serves a customer, and who did. */
export function teamQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'team'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/team', { params: { path: { id: customerId } }, signal })),
  })
}

export const teamNoticesQuery = queryOptions({
  queryKey: ['team-notices'],
  queryFn: ({ signal }) => answer(province.GET('/api/team-members/notices', { signal })),
})

/** Who can be named, found by a part of the name or login. */
export function candidatesQuery(customerId: number, q: string) {
  return queryOptions({
    queryKey: ['overview', customerId, 'team-candidates', q],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/team/candidates', { params: { path: { id: customerId }, query: { q: q || undefined } }, signal })),
    placeholderData: keepPreviousData,
  })
}
