import type { components } from '../../api/province.gen'

export type Contact = components['schemas']['ContactView']
export type ContactFacts = components['schemas']['ContactStated']

/** The facts that stay in the province, masked without the permission contact.private. */
export const privateFacts = ['mobile', 'birthday', 'family', 'hobbies'] as const

/** The facts that BOSS keeps of the contacts that come from it. */
const keptByBoss = ['name', 'role', 'title', 'workPhone'] as const

export function contactFactsOf(c: Contact): ContactFacts {
  return {
    name: c.name, role: c.role, title: c.title, workPhone: c.workPhone,
    mobile: c.mobile, birthday: c.birthday, family: c.family, hobbies: c.hobbies,
  }
}

/**
 * What cannot be changed of a contact. A masked value goes back exactly as the node showed it,
 * which the node takes as no change; it is never offered for typing and never merged.
 */
export function lockedFacts(contact: Contact | undefined, mayPrivate: boolean): (keyof ContactFacts)[] {
  return [
    ...(contact?.source === 'boss' ? keptByBoss : []),
    ...(contact?.masked || !mayPrivate ? privateFacts : []),
  ]
}
