import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { choice, choices, integer, text } from '../../urlstate/urlState'
import type { Mood } from '../../table/Mark'

export type Wish = components['schemas']['WishView']
export type WishFacts = components['schemas']['WishStated']
export type ListedWish = components['schemas']['WishListedView']

export const wishKinds = ['product', 'price', 'service', 'network', 'other'] as const satisfies Wish['kind'][]
export const wishStatuses = ['open', 'answered', 'declined'] as const satisfies Wish['status'][]
export const wishMoods: Record<Wish['status'], Mood> = { open: 'waiting', answered: 'good', declined: 'neutral' }

/** What the list of open wishes is narrowed by; 0 days are any. */
export const wishListParts = { kind: choices(wishKinds), unit: integer(0), days: choice(['0', '7', '30', '90'], '0'), after: text }
export type WishListState = { kind: Wish['kind'][]; unit: number; days: '0' | '7' | '30' | '90'; after: string }

export function wishFactsOf(w: Wish): WishFacts {
  return { kind: w.kind, body: w.body, wantedOn: w.wantedOn, status: w.status, answer: w.answer }
}

export function wishesQuery(customerId: number) {
  return queryOptions({
    queryKey: ['wishes', customerId],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/wishes', { params: { path: { id: customerId } }, signal })),
  })
}

export function wishListQuery({ kind, unit, days, after }: WishListState) {
  return queryOptions({
    queryKey: ['wish-list', kind, unit, days, after],
    queryFn: ({ signal }) =>
      answer(
        province.GET('/api/wishes', {
          params: {
            query: {
              kind: kind.length > 0 ? kind : undefined, unit: unit || undefined, days: days === '0' ? undefined : Number(days), after: after || undefined,
            },
          },
          signal,
        }),
      ),
  })
}
