import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Schemas = components['schemas']

export type Overview = Schemas['OverviewOverviewView']

export function overviewQuery(id: number) {
  return queryOptions({
    queryKey: ['overview', id],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/overview', { params: { path: { id } }, signal })),
  })
}

/** Reads a customer anew after a change, and whatever list it stands in. */
export function useReread(id: number) {
  const client = useQueryClient()
  return () => {
    void client.invalidateQueries({ queryKey: ['overview', id] })
    void client.invalidateQueries({ queryKey: ['timeline', id] })
    void client.invalidateQueries({ queryKey: ['documents', id] })
    void client.invalidateQueries({ queryKey: ['customers'] })
  }
}
