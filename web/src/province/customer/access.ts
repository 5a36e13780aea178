import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'

/** Why the caller sees a customer. */
export function accessQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'access'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/access', { params: { path: { id: customerId } }, signal })),
  })
}
