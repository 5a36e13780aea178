import type { components } from '../../api/province.gen'

export type Contact = components['schemas']['ContactView']
export type ContactFacts = components['schemas']['ContactStated']
export type PersonalField = Contact['masked'][number]

/** Private facts have a right of their own; phones and e-mail are their account manager's to read. */
export const privateFacts = ['birthday', 'family', 'hobbies'] as const
export const personalFacts = ['workPhone', 'mobile', 'email', ...privateFacts] as const

/** The facts that BOSS keeps of the contacts that come from it. */
const keptByBoss = ['name', 'role', 'title', 'workPhone'] as const

/** What a form begins with. A masked fact is null: the node keeps what it has. */
export function contactFactsOf(c: Contact): ContactFacts {
  const facts: ContactFacts = {
    name: c.name, role: c.role, title: c.title, workPhone: c.workPhone,
    email: c.email, mobile: c.mobile, birthday: c.birthday, family: c.family, hobbies: c.hobbies,
    decisionRole: c.decisionRole, influence: c.influence, attitude: c.attitude, channel: c.channel,
    hoursFrom: c.hoursFrom, hoursTo: c.hoursTo, doNotContact: c.doNotContact,
  }
  for (const field of c.masked) facts[field] = null
  return facts
}

/** What a form sends: a masked fact into which nothing was typed stays as it is. */
export function statedFacts(facts: ContactFacts, contact: Contact | undefined): ContactFacts {
  const stated = { ...facts }
  for (const field of contact?.masked ?? []) stated[field] ||= null
  return stated
}

/** What cannot be changed of a contact: what BOSS keeps, and private facts without their right. */
export function lockedFacts(contact: Contact | undefined, mayPrivate: boolean): (keyof ContactFacts)[] {
  return [...(contact?.source === 'boss' ? keptByBoss : []), ...(mayPrivate ? [] : privateFacts)]
}
