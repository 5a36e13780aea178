import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { answer, national } from '../../api/client'
import type { components, operations } from '../../api/national.gen'
import { choice, integer, numbers, text, type Parts } from '../../urlstate/urlState'

type Schemas = components['schemas']
type Question = NonNullable<operations['company-list']['parameters']['query']>

export type Company = Schemas['CompanyCompanyView']
export type CompanyDetail = Schemas['CompanyDetailView']
export type Member = Schemas['CompanyMemberView']

export interface CompanyListState {
  q: string
  province: number[]
  keyAccount: '' | 'true' | 'false'
  sort: NonNullable<Question['sort']>
  dir: 'asc' | 'desc'
  page: number
  size: number
}

export const companyListParts: Parts<CompanyListState> = {
  q: text,
  province: numbers,
  keyAccount: choice(['', 'true', 'false'], ''),
  sort: choice(['provinces', 'name', 'class', 'customers', 'creditCode'], 'provinces'),
  dir: choice(['desc', 'asc'], 'desc'),
  page: integer(1, 1, 1_000_000),
  size: integer(20, 1, 200),
}

export function companyListQuery({ q, keyAccount, ...rest }: CompanyListState) {
  const query: Question = { ...rest, q: q.trim() || undefined, keyAccount: keyAccount || undefined }
  return queryOptions({
    queryKey: ['companies', query],
    queryFn: ({ signal }) => answer(national.GET('/api/companies', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function companyQuery(creditCode: string) {
  return queryOptions({
    queryKey: ['company', creditCode],
    queryFn: ({ signal }) => answer(national.GET('/api/companies/{creditCode}', { params: { path: { creditCode } }, signal })),
  })
}

/** The growth of an amount in hundredths of a percent; null where there was nothing before. */
export function growthOf(now: number, before: number): number | null {
  return before > 0 ? Math.round(((now - before) * 10_000) / before) : null
}

/** The months from one to another, YYYY-MM, both included. */
export function monthsBetween(from: string, to: string): string[] {
  const [year = 0, month = 1] = from.split('-').map(Number)
  const months: string[] = []
  for (let n = 0; ; n++) {
    const next = new Date(Date.UTC(year, month - 1 + n)).toISOString().slice(0, 7)
    if (next > to) return months
    months.push(next)
  }
}
