import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { useAmount } from '../../language/useAmount'
import { classes, lifecycles } from '../../reference/choices'

type Schemas = components['schemas']

export type Rules = Schemas['RuleRulesView']
export type Version = Schemas['RuleVersionView']
export type Line = Schemas['RuleLineView']
export type Condition = Schemas['RuleConditionView']
export type Fact = Condition['fact']
export type Run = Schemas['RuleRunView']
export type Stage = Schemas['RuleStageView']
export type Why = Schemas['RuleWhyView']
export type Proposal = Schemas['RuleProposalView']

/** What rules are about. */
export const subjects = ['lifecycle', 'class', 'roster'] as const
export type Subject = (typeof subjects)[number]

/** One set of rules; every roster has its own. */
export type Kind = 'lifecycle' | 'class' | `roster-${number}`

export const subjectOf = (kind: Kind): Subject => (kind === 'lifecycle' || kind === 'class' ? kind : 'roster')

export const facts = [
  'income', 'arrears', 'contracts', 'subscriptions', 'members', 'sinceBill', 'sinceInteraction', 'fileAge', 'stage', 'class',
] as const satisfies readonly Fact[]

/** What a set of the kind can decide. */
export const outcomesOf: Record<Subject, readonly string[]> = { lifecycle: lifecycles, class: classes, roster: ['in', 'out'] }

/** The values of a fact that is one of a list; a number has none. */
export function choicesOf(fact: Fact | undefined): readonly string[] | undefined {
  if (fact === 'stage') return lifecycles
  return fact === 'class' ? classes : undefined
}

export const isMoney = (fact: Fact | undefined) => fact === 'income' || fact === 'arrears'

const whileRunning = 1_000

export function rulesQuery(kind: Kind) {
  return queryOptions({
    queryKey: ['rules', kind],
    queryFn: ({ signal }) => answer(province.GET('/api/rules/{kind}', { params: { path: { kind } }, signal })),
    refetchInterval: (query) => query.state.data?.runs.some((r) => r.state === 'running') && whileRunning,
  })
}

export function useRereadRules(kind: Kind) {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['rules', kind] })
}

export function stageQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'stage'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/stage', { params: { path: { id: customerId } }, signal })),
  })
}

/** Which proposals are meant: of what they change, and to what; empty is any. */
export interface Sieve {
  from: string
  to: string
}

export interface Answer {
  /** What is proposed becomes so; else the proposals are declined. */
  confirm: boolean
  reason: string
}

/** Proposals of one kind: where they are read and decided. */
export interface Source {
  name: string
  /** What customers can be, as far as these proposals are about it. */
  values: readonly string[]
  list: (sieve: Sieve & { after: number }, signal: AbortSignal) => Promise<Schemas['RuleProposalList']>
  count: (sieve: Sieve, signal: AbortSignal) => Promise<Schemas['RuleCountView']>
  decide: (body: Answer & { customers: number[] }) => Promise<Schemas['RuleDecidedView']>
  decideAll: (sieve: Sieve, body: Answer & { expected: number }) => Promise<Schemas['JobView']>
}

export const classProposals: Source = {
  name: 'class',
  values: classes,
  list: (query, signal) => answer(province.GET('/api/class-proposals', { params: { query }, signal })),
  count: (query, signal) => answer(province.GET('/api/class-proposals/count', { params: { query }, signal })),
  decide: (body) => answer(province.POST('/api/class-proposals/decisions', { body })),
  decideAll: (query, body) => answer(province.POST('/api/class-proposals/decide-all', { params: { query }, body })),
}

export const rosterProposals = (id: number): Source => ({
  name: `roster-${id}`,
  values: outcomesOf.roster,
  list: (query, signal) => answer(province.GET('/api/rosters/{id}/proposals', { params: { path: { id }, query }, signal })),
  count: (query, signal) => answer(province.GET('/api/rosters/{id}/proposals/count', { params: { path: { id }, query }, signal })),
  decide: (body) => answer(province.POST('/api/rosters/{id}/proposals/decisions', { params: { path: { id } }, body })),
  decideAll: (query, body) => answer(province.POST('/api/rosters/{id}/proposals/decide-all', { params: { path: { id }, query }, body })),
})

export function proposalsQuery(source: Source, { from, to }: Sieve, after: number) {
  return queryOptions({
    queryKey: ['proposals', source.name, from, to, after],
    queryFn: ({ signal }) => source.list({ from, to, after }, signal),
  })
}

export function proposalCountQuery(source: Source, { from, to }: Sieve) {
  return queryOptions({
    queryKey: ['proposals', source.name, from, to, 'count'],
    queryFn: ({ signal }) => source.count({ from, to }, signal),
  })
}

export function ownProposalsQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'proposals'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/proposals', { params: { path: { id: customerId } }, signal })),
  })
}

/** A value of a choice or an outcome in words: a class is its own name. */
export const wordOf = (value: string) => textIfKnown(`lifecycle.${value}`, textIfKnown(`ruleOutcome.${value}`, value))

/** Conditions in words. */
export function useRuleWords() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const amount = useAmount()
  const factName = (c: Condition) => (c.fact === 'income' ? t('rule.incomeOf', { months: c.months }) : t(`ruleFact.${c.fact}`))
  const quantity = (fact: Fact, n: number) => {
    if (isMoney(fact)) return amount(n)
    return ['sinceBill', 'sinceInteraction', 'fileAge'].includes(fact) ? `${integer(n)} ${t('unit.day')}` : integer(n)
  }
  const comparison = (c: Condition) =>
    c.comparison === 'oneOf' ? c.values.map(wordOf).join(t('rule.or')) : `${t(`ruleComparison.${c.comparison}`)} ${quantity(c.fact, c.number)}`
  return {
    /** What must hold. */
    condition: (c: Condition) => `${factName(c)} ${comparison(c)}`,
    /** What held, and what the fact was. */
    held: ({ condition, actual, choice }: Why['held'][number]) => {
      const was = choice ? wordOf(choice) : actual === null ? t('rule.never') : quantity(condition.fact, actual)
      return t('rule.held', { fact: factName(condition), was, comparison: comparison(condition) })
    },
  }
}
