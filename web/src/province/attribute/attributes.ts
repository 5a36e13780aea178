import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import type { Language } from '../../language/language'

export type Attribute = components['schemas']['AttributeView']
export type AttributeFacts = components['schemas']['AttributeBody']
export type Stated = components['schemas']['AttributeStatedView']
export type Values = Record<string, string>

export const attributeKinds = ['text', 'number', 'date', 'choice', 'flag'] as const

export const attributesQuery = queryOptions({
  queryKey: ['attributes'],
  queryFn: ({ signal }) => answer(province.GET('/api/attributes', { signal })),
  staleTime: 5 * 60_000,
})

export function statedQuery(id: number) {
  return queryOptions({
    queryKey: ['overview', id, 'attributes'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/attributes', { params: { path: { id } }, signal })),
  })
}

export function attributeFactsOf({ id: _id, version: _version, updatedAt: _updatedAt, ...facts }: Attribute): AttributeFacts {
  return facts
}

export function nameOf(a: { nameZh: string; nameEn: string }, language: Language): string {
  return language === 'zh' ? a.nameZh : a.nameEn
}
