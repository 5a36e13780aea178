import { expect, test } from 'vitest'
import { differences, merge, obvious, undecided, withLocked } from './merge'

const original = { name: '闽江贸易', class: 'D', city: '350100', headcount: null as number | null, mobile: '138****1234' }

test('nothing differs between equal records', () => {
  expect(differences(original, { ...original }, { ...original })).toEqual([])
})

test('the same change on both sides is no difference', () => {
  const both = { ...original, class: 'A1' }
  expect(differences(original, both, { ...both })).toEqual([])
})

test('a field that one side changed goes to that side', () => {
  const found = differences(original, { ...original, name: '闽江商贸' }, { ...original, headcount: 12 })
  expect(obvious(found)).toEqual({ name: 'mine', headcount: 'theirs' })
  expect(undecided(found, obvious(found))).toBe(false)
  expect(merge({ ...original, headcount: 12 }, found, obvious(found))).toEqual({ ...original, name: '闽江商贸', headcount: 12 })
})

test('a field that both sides changed has to be chosen', () => {
  const mine = { ...original, name: '闽江商贸' }
  const theirs = { ...original, name: '闽江实业', class: 'C' }
  const found = differences(original, mine, theirs)
  const chosen = obvious(found)
  expect(undecided(found, chosen)).toBe(true)
  expect(merge(theirs, found, { ...chosen, name: 'mine' })).toEqual({ ...theirs, name: '闽江商贸' })
  expect(merge(theirs, found, { ...chosen, name: 'theirs' })).toEqual(theirs)
  expect(merge(theirs, found, { ...chosen, name: 'mine', class: 'mine' })).toEqual({ ...theirs, name: '闽江商贸', class: 'D' })
})

test('a masked value is never taken from my side', () => {
  const theirs = { ...original, mobile: '139****5678' }
  const found = differences(original, { ...original, name: '闽江商贸' }, theirs, ['mobile'])
  expect(found.map((d) => d.name)).toEqual(['name'])
  expect(merge(theirs, found, obvious(found)).mobile).toBe('139****5678')
  expect(withLocked({ ...original, mobile: '' }, theirs, ['mobile']).mobile).toBe('139****5678')
})
