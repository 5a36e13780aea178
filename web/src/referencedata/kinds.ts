/** What headquarters keeps for the provinces, and what its rows hold, at both levels. */
export const kinds = ['products', 'codes', 'classes', 'key-accounts', 'policies', 'notices'] as const

export type Kind = (typeof kinds)[number]

/** How a value reads and is edited. */
export type Look = 'text' | 'long' | 'choice' | 'count' | 'money' | 'date' | 'time' | 'document'

export const choiceValues = {
  status: ['planned', 'active', 'retired'],
  class: ['A1', 'A2', 'B1', 'B2', 'C', 'D'],
  level: ['info', 'warning', 'urgent'],
} as const

export interface DataField {
  name: FieldName
  look: Look
  optional?: boolean
}

export type FieldName =
  | 'code' | 'nameZh' | 'nameEn' | 'family' | 'unit' | 'monthlyFeeFen' | 'status' | 'effectiveOn' | 'expiresOn'
  | 'list' | 'position' | 'class' | 'ruleZh' | 'ruleEn' | 'creditCode' | 'name' | 'since'
  | 'number' | 'rule' | 'effectiveAt' | 'note' | 'title' | 'body' | 'level' | 'validFrom' | 'validTo'

export const fieldsOf: Record<Kind, DataField[]> = {
  products: [
    { name: 'code', look: 'text' }, { name: 'nameZh', look: 'text' }, { name: 'nameEn', look: 'text' }, { name: 'family', look: 'text' },
    { name: 'unit', look: 'text' }, { name: 'monthlyFeeFen', look: 'money' }, { name: 'status', look: 'choice' },
    { name: 'effectiveOn', look: 'date' }, { name: 'expiresOn', look: 'date', optional: true },
  ],
  codes: [
    { name: 'list', look: 'text' }, { name: 'code', look: 'text' }, { name: 'nameZh', look: 'text' }, { name: 'nameEn', look: 'text' },
    { name: 'position', look: 'count' },
  ],
  classes: [
    { name: 'class', look: 'choice' }, { name: 'nameZh', look: 'text' }, { name: 'nameEn', look: 'text' }, { name: 'ruleZh', look: 'long' },
    { name: 'ruleEn', look: 'long' },
  ],
  'key-accounts': [{ name: 'creditCode', look: 'text' }, { name: 'name', look: 'text' }, { name: 'since', look: 'date' }],
  policies: [
    { name: 'number', look: 'count' }, { name: 'rule', look: 'document' }, { name: 'effectiveAt', look: 'time' },
    { name: 'note', look: 'long', optional: true },
  ],
  notices: [
    { name: 'title', look: 'text' }, { name: 'body', look: 'long' }, { name: 'level', look: 'choice' }, { name: 'validFrom', look: 'time' },
    { name: 'validTo', look: 'time' },
  ],
}

export type Values = Record<string, unknown>

/** Values as a form holds them: documents are text there, and what is missing is empty. */
export function formValues(kind: Kind, values: Values): Values {
  return Object.fromEntries(
    fieldsOf[kind].map(({ name, look }) => {
      const value = values[name]
      return [name, look === 'document' && value !== undefined ? JSON.stringify(value) : (value ?? (look === 'count' || look === 'money' ? null : ''))]
    }),
  )
}
