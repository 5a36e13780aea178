import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { choice, integer, text, type Parts } from '../../urlstate/urlState'

export type Member = components['schemas']['MemberView']
export type MemberFacts = components['schemas']['MemberJoinBody']
export type MemberPage = components['schemas']['MemberListView']

/** The block's state has names of its own: other blocks of the page keep theirs in the same URL. */
export interface MemberListState {
  members: 'joined' | 'left'
  memberText: string
  memberPage: number
  memberSize: number
}

export const memberListParts: Parts<MemberListState> = {
  members: choice(['joined', 'left'], 'joined'),
  memberText: text,
  memberPage: integer(1, 1, 1_000_000),
  memberSize: integer(20, 1, 200),
}

export function memberListQuery(id: number, { members, memberText, memberPage, memberSize }: MemberListState) {
  const query = { state: members, q: memberText.trim() || undefined, page: memberPage, size: memberSize }
  return queryOptions({
    queryKey: ['members', id, query],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/members', { params: { path: { id }, query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function memberFactsOf(m: Member): MemberFacts {
  return { phone: m.phone, name: m.name, department: m.department, duty: m.duty, shortNumber: m.shortNumber, joinedOn: m.joinedOn }
}
