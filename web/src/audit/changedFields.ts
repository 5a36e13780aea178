import { writeMoney } from '../edit/money'

type Document = Record<string, unknown>

/** A field of an audit line; a side that did not have it is undefined. */
export interface ChangedField {
  name: string
  before?: string
  after?: string
}

/** The fields of an audit line that differ, in their order, with amounts in yuan. */
export function changedFields(before: Document, after: Document): ChangedField[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .map((name) => ({ name, before: written(name, before), after: written(name, after) }))
    .filter((field) => field.before !== field.after)
}

function written(name: string, document: Document): string | undefined {
  if (!(name in document)) return undefined
  const value = document[name]
  if (value === null || value === undefined) return ''
  if (name.endsWith('Fen') && typeof value === 'number') return `¥${writeMoney(value, 2)}`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
