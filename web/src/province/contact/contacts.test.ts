import { expect, test } from 'vitest'
import { contactFactsOf, lockedFacts, statedFacts, type Contact } from './contacts'

const contact = {
  source: 'portal', name: '张某', workPhone: '059****5678', mobile: '138****1234', birthday: '****-**-**', family: '', hobbies: '',
  masked: ['workPhone', 'mobile', 'birthday'],
} as unknown as Contact

test('what a contact does not let change', () => {
  expect(lockedFacts(contact, true)).toEqual([])
  expect(lockedFacts(undefined, true)).toEqual([])
  expect(lockedFacts({ ...contact, source: 'boss' }, true)).toEqual(['name', 'role', 'title', 'workPhone'])
  expect(lockedFacts(undefined, false)).toEqual(['birthday', 'family', 'hobbies'])
})

test('a mask is never in a form, and a masked fact goes back as null unless something was typed', () => {
  const facts = contactFactsOf(contact)
  expect(facts).toMatchObject({ name: '张某', workPhone: null, mobile: null, birthday: null, family: '' })
  expect(statedFacts({ ...facts, workPhone: '', mobile: '13800009999' }, contact)).toMatchObject({
    workPhone: null, mobile: '13800009999', birthday: null, family: '',
  })
})
