import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'

export function scoresQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'value-scores'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/value-scores', { params: { path: { id: customerId } }, signal })),
  })
}
