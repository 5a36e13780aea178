import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

export type Viewer = components['schemas']['CustomerViewerView']
export type Viewers = components['schemas']['CustomerViewersView']

export function viewersQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'viewers'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/viewers', { params: { path: { id: customerId } }, signal })),
  })
}
