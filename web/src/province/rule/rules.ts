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

export const kinds = ['lifecycle', 'class'] as const
export type Kind = (typeof kinds)[number]

export const facts = [
  'income', 'arrears', 'contracts', 'subscriptions', 'members', 'sinceBill', 'sinceInteraction', 'fileAge', 'stage', 'class',
] as const satisfies readonly Fact[]

/** What a set of the kind can decide. */
export const outcomesOf: Record<Kind, readonly string[]> = { lifecycle: lifecycles, class: classes }

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

export function proposalsQuery(from: string, to: string, after: number) {
  return queryOptions({
    queryKey: ['class-proposals', from, to, after],
    queryFn: ({ signal }) =>
      answer(province.GET('/api/class-proposals', { params: { query: { from: asClass(from), to: asClass(to), after: after || undefined } }, signal })),
  })
}

const asClass = (text: string) => classes.find((c) => c === text)

export function proposalQuery(customerId: number) {
  return queryOptions({
    queryKey: ['overview', customerId, 'class-proposal'], // read anew with the page
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}/class-proposal', { params: { path: { id: customerId } }, signal })),
  })
}

/** A value of a choice or an outcome in words: a class is its own name. */
export const wordOf = (value: string) => textIfKnown(`lifecycle.${value}`, value)

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
