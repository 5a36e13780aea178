import { expect, test } from 'vitest'
import { beginning, stepOf, type Import, type WholeImport } from './imports'

const job = (finishedAt: string | null) => ({ finishedAt }) as Import['run']
const at = (some: Partial<WholeImport>) => ({ fields: [], guess: [], try: null, run: null, revert: null, ...some }) as unknown as WholeImport

test('an import is at the first step that is left to do', () => {
  expect(stepOf(at({}))).toBe('set')
  expect(stepOf(at({ fields: ['name'] }))).toBe('try')
  expect(stepOf(at({ fields: ['name'], try: job(null) }))).toBe('try')
  expect(stepOf(at({ fields: ['name'], try: job('now') }))).toBe('run')
  expect(stepOf(at({ fields: ['name'], try: job('now'), run: job(null) }))).toBe('run')
  expect(stepOf(at({ fields: ['name'], try: job('now'), run: job('now') }))).toBe('result')
})

test('customers are recognised by the surest fact that the file has', () => {
  expect(beginning(at({ guess: ['name', 'creditCode'] }))).toMatchObject({ key: 'creditCode', mode: 'both' })
  expect(beginning(at({ guess: ['number', 'name'] }))).toMatchObject({ key: 'number', mode: 'change' })
  expect(beginning(at({ guess: ['', 'name'], fields: ['name', ''], key: 'name', mode: 'create', distinct: true }))).toEqual({
    fields: ['name', ''], key: 'name', mode: 'create', distinct: true,
  })
})
