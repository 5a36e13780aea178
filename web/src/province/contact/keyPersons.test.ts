import { expect, test } from 'vitest'
import type { Contact } from './contacts'
import { keyPersonMap, missingParts } from './keyPersons'

const person = (name: string, influence: number, attitude: Contact['attitude'], part: Contact['part']) =>
  ({ name, influence, attitude, part }) as Contact
const people = [
  person('a', 5, 'supportive', 'decision_maker'), person('b', 5, 'opposed', 'user'),
  person('c', 5, 'opposed', 'payment'), person('d', 0, 'unknown', 'unstated'),
]

test('everybody stands in the map once, by influence and attitude', () => {
  const rows = keyPersonMap(people).map((row) => [row.influence, row.people.map((cell) => cell.map((p) => p.name).join(''))])
  expect(rows).toEqual([
    [5, ['a', '', 'bc', '']],
    [0, ['', '', '', 'd']],
  ])
})

test('the parts that nobody is known for', () => {
  expect(missingParts(people)).toEqual(['influencer', 'liaison'])
  expect(missingParts([])).toHaveLength(5)
})
