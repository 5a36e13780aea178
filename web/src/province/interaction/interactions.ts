import { infiniteQueryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

export type Interaction = components['schemas']['InteractionView']
export type InteractionFacts = components['schemas']['InteractionStated']
export type Event = components['schemas']['OverviewEventView']

export const interactionChannels = ['phone', 'visit', 'mail', 'message', 'meeting', 'other'] as const satisfies Interaction['channel'][]
export const eventKinds = ['interaction', 'wish', 'contract', 'subscription', 'bill', 'merge', 'import', 'change'] as const satisfies Event['kind'][]

export function interactionFactsOf(i: Interaction): InteractionFacts {
  return {
    contactId: i.contactId, channel: i.channel, at: i.at, subject: i.subject, body: i.body, nextStep: i.nextStep, nextOn: i.nextOn, nextDone: i.nextDone,
  }
}

/** A customer's timeline, page by page; no kinds are all. */
export function timelineQuery(id: number, kinds: Event['kind'][]) {
  return infiniteQueryOptions({
    queryKey: ['timeline', id, kinds],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      answer(
        province.GET('/api/customers/{id}/timeline', {
          params: { path: { id }, query: { kind: kinds.length > 0 ? kinds : undefined, after: pageParam || undefined } }, signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  })
}
