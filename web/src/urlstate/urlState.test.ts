import { expect, test } from 'vitest'
import { choice, choices, integer, list, numbers, readState, text, writeState } from './urlState'

const parts = {
  q: text,
  class: choices(['A1', 'A2', 'D']),
  city: list,
  province: numbers,
  dir: choice(['asc', 'desc'], 'asc'),
  page: integer(1, 1),
}
const usual = readState(parts, new URLSearchParams())

test('an empty URL is the usual state, and the usual state an empty URL', () => {
  expect(usual).toEqual({ q: '', class: [], city: [], province: [], dir: 'asc', page: 1 })
  expect(writeState(parts, usual, new URLSearchParams()).toString()).toBe('')
})

test('a state comes back as it was written', () => {
  const state: typeof usual = { q: '福州 & 联营', class: ['A1', 'D'], city: ['350100'], province: [591, 200], dir: 'desc', page: 7 }
  const written = writeState(parts, state, new URLSearchParams())
  expect(readState(parts, new URLSearchParams(written.toString()))).toEqual(state)
})

test('what nobody can mean is read as the usual value', () => {
  const params = new URLSearchParams('class=A1,Z9&dir=up&page=-3&province=591,x')
  expect(readState(parts, params)).toEqual({ ...usual, class: ['A1'], province: [591] })
})

test('parameters of others stay', () => {
  const written = writeState(parts, { ...usual, q: 'x' }, new URLSearchParams('tab=bills&q=y'))
  expect(written.toString()).toBe('tab=bills&q=x')
})

test('a usual choice other than none can be emptied', () => {
  const part = choices(['month', 'class'], ['month'])
  expect(part.read(null)).toEqual(['month'])
  expect(part.read(part.write([]))).toEqual([])
})

test('the URL holds what is other than in the state that it begins with', () => {
  const base: typeof usual = { ...usual, class: ['A1'], q: '电力', dir: 'desc', page: 1 }
  const state: typeof usual = { ...base, class: [], dir: 'asc', city: ['350100'] }
  const written = writeState(parts, state, new URLSearchParams('view=7'), base)
  expect(written.toString()).toBe('view=7&class=&city=350100&dir=')
  expect(readState(parts, written, base)).toEqual(state)
  expect(writeState(parts, base, written, base).toString()).toBe('view=7')
})
