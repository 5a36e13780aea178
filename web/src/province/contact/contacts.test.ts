import { expect, test } from 'vitest'
import { lockedFacts, type Contact } from './contacts'

const contact = { source: 'portal', masked: false } as Contact

test('what a contact does not let change', () => {
  expect(lockedFacts(contact, true)).toEqual([])
  expect(lockedFacts(undefined, true)).toEqual([])
  expect(lockedFacts({ ...contact, source: 'boss' }, true)).toEqual(['name', 'role', 'title', 'workPhone'])
})

test('masked facts are never changed, nor stated by who could not read them', () => {
  const facts = ['mobile', 'birthday', 'family', 'hobbies']
  expect(lockedFacts({ ...contact, masked: true }, false)).toEqual(facts)
  expect(lockedFacts({ ...contact, masked: true }, true)).toEqual(facts)
  expect(lockedFacts(undefined, false)).toEqual(facts)
})
