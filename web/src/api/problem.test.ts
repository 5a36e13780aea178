import i18next from 'i18next'
import { beforeAll, expect, test } from 'vitest'
import { speak } from '../language/language'
import { currentOf, fieldTexts, isProblem, ProblemError, problemOf, problemText } from './problem'

const refused = new ProblemError({ title: '', status: 401, code: 'session.refused', params: { failures: 5, minutes: 15 } })
const invalid = new ProblemError({
  title: '', status: 422, code: 'input.invalid',
  errors: [
    { field: 'creditCode', code: 'credit_code.check_digit', params: { expected: '4', found: '5' } },
    { field: 'lifecycle', code: 'customer.lifecycle.transition', params: { from: 'potential', to: 'suspended' } },
    { field: 'class', code: 'permission.missing', params: { permission: 'customer.classify' } },
  ],
})

beforeAll(() => speak('zh'))

test('a code is told in the language of the page, with its parameters', async () => {
  expect(problemText(i18next.t, refused)).toContain('连续失败 5 次将锁定 15 分钟')
  await speak('en')
  expect(problemText(i18next.t, refused)).toContain('5 failures in a row lock it for 15 minutes')
  await speak('zh')
})

test('what is wrong is told by field, with codes by their names', () => {
  expect(fieldTexts(i18next.t, invalid)).toEqual([
    { field: 'creditCode', text: '校验码不正确：末位应为 4，现为 5' },
    { field: 'lifecycle', text: '生命周期不能从“潜在”变为“暂停”' },
    { field: 'class', text: '没有权限：调整客户等级' },
  ])
})

test('an unknown code is shown as it is', () => {
  expect(problemText(i18next.t, new ProblemError({ title: '', status: 422, code: 'moon.full' }))).toBe('操作未成功（moon.full）')
})

test('an answer that is not from a node is a problem all the same', () => {
  expect(problemOf(502, '<html>').code).toBe('internal')
  expect(problemOf(502, null).status).toBe(502)
  expect(problemOf(0, undefined).code).toBe('request.offline')
  expect(problemOf(409, { code: 'customer.version.conflict', current: { version: 3 } })).toMatchObject({ status: 409, current: { version: 3 } })
})

test('only a conflict carries the record as it is now', () => {
  const conflict = new ProblemError({ title: '', status: 409, code: 'customer.version.conflict', current: { version: 3 } })
  expect(currentOf(conflict)).toEqual({ version: 3 })
  expect(currentOf(invalid)).toBeUndefined()
  expect(currentOf(new Error('x'))).toBeUndefined()
  expect(isProblem(conflict, 'customer.version.conflict')).toBe(true)
})
