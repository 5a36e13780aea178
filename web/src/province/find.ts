import { answer, province } from '../api/client'
import type { Find } from '../search/find'

/** Looks for a text in customers, their people, members and contracts. Each leads to the customer. */
export const find: Find = async (text, signal) => {
  const found = await answer(province.GET('/api/search', { params: { query: { q: text } }, signal }))
  const of = ({ customerId }: { customerId: number }) => `/customers/${customerId}`
  return {
    more: found.more,
    groups: [
      { kind: 'customers', hits: found.customers.map((c) => ({ path: `/customers/${c.id}`, title: c.name, notes: [c.number, c.class, c.cityName] })) },
      { kind: 'contacts', hits: found.contacts.map((p) => ({ path: of(p), title: p.name, notes: [p.phone, p.title, p.customerName] })) },
      {
        kind: 'members',
        hits: found.members.map((m) => ({
          path: `${of(m)}?memberText=${encodeURIComponent(m.phone)}`, title: m.phone, notes: [m.shortNumber, m.name, m.department, m.customerName],
        })),
      },
      { kind: 'contracts', hits: found.contracts.map((k) => ({ path: of(k), title: k.name, notes: [k.number, k.expiresOn, k.customerName] })) },
    ],
  }
}
