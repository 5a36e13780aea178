import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'

export function namesQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'names'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/names', { params: { path: { id: customerId } }, signal })),
  })
}
