import { queryOptions } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import type { components } from '../../api/province.gen'
import { readBase64 } from './readBase64'

export type Document = components['schemas']['DocumentView']

/** What documents belong to. */
export interface Owner {
  kind: 'contract' | 'interaction'
  id: number
}

/** The documents of everything that a customer has. */
export function documentsQuery(customerId: number) {
  return queryOptions({
    queryKey: ['documents', customerId],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/documents', { params: { path: { id: customerId } }, signal })),
  })
}

export function belongsTo(document: Document, owner: Owner): boolean {
  return (owner.kind === 'contract' ? document.contractId : document.interactionId) === owner.id
}

const places = { contract: '/api/contracts/{id}/documents', interaction: '/api/interactions/{id}/documents' } as const

export async function addDocument(owner: Owner, file: File): Promise<Document> {
  const body = { name: file.name, content: await readBase64(file) }
  return answer(province.POST(places[owner.kind], { params: { path: { id: owner.id } }, body }))
}

/** Why a file was not taken. */
export function refusalText(t: TFunction, error: unknown): string {
  return fieldTexts(t, error)[0]?.text ?? problemText(t, error)
}

/** Adds files one after another, and says of those that were not taken why. */
export async function addEach(t: TFunction, owner: Owner, files: File[]): Promise<string[]> {
  const refused: string[] = []
  for (const file of files) {
    try {
      await addDocument(owner, file)
    } catch (error) {
      refused.push(`${file.name}${t('timeline.colon')}${refusalText(t, error)}`)
    }
  }
  return refused
}
