import type { TFunction } from 'i18next'
import { textIfKnown } from '../language/language'
import type { components } from './province.gen'

export type Problem = components['schemas']['Problem']
export type FieldProblem = components['schemas']['FieldProblem']

/** An operation that failed, with what the node said about it. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.code)
    this.problem = problem
  }
}

/** Reads the answer to a failed request, which need not come from a node. */
export function problemOf(status: number, answer: unknown): Problem {
  if (typeof answer === 'object' && answer !== null && 'code' in answer && typeof answer.code === 'string') {
    return { title: '', ...answer, code: answer.code, status }
  }
  return { title: '', status, code: status === 0 ? 'request.offline' : 'internal' }
}

export function isProblem(error: unknown, code: string): boolean {
  return error instanceof ProblemError && error.problem.code === code
}

/** The record as it is now, if the error says that it was changed meanwhile. */
export function currentOf<T>(error: unknown): T | undefined {
  const conflict = error instanceof ProblemError && error.problem.status === 409
  return conflict ? (error.problem.current as T | undefined) : undefined
}

/** What is wrong with which field, in the reader's language. */
export function fieldTexts(t: TFunction, error: unknown): { field: string; text: string }[] {
  const errors = error instanceof ProblemError ? (error.problem.errors ?? []) : []
  return errors.map(({ field, code, params }) => ({ field, text: textOfCode(t, code, params) }))
}

/** What went wrong, in the reader's language. */
export function problemText(t: TFunction, error: unknown): string {
  if (!(error instanceof ProblemError)) return textOfCode(t, 'internal', {})
  return textOfCode(t, error.problem.code, error.problem.params)
}

/** Codes whose parameters are keys themselves, shown by their names. */
const families: Record<string, string> = {
  'permission.missing': 'permission',
  'customer.lifecycle.transition': 'lifecycle',
  'contract.status.transition': 'contractStatus',
}

function textOfCode(t: TFunction, code: string, params: Record<string, unknown> = {}): string {
  const family = families[code]
  const named = Object.entries(params).map(([name, value]) => [name, family ? textIfKnown(`${family}.${value}`, String(value)) : value])
  return textIfKnown(`problem.${code}`, t('problem.unknown', { code }), Object.fromEntries(named))
}
