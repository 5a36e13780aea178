import { answer, national } from '../api/client'
import type { Find } from '../search/find'

const most = 10

/** Looks for a text in the replicated customers, as their list does. */
export const find: Find = async (text, signal) => {
  const { items, total } = await answer(national.GET('/api/customers', { params: { query: { q: text, size: most } }, signal }))
  return {
    more: total > most,
    groups: [
      { kind: 'customers', hits: items.map((c) => ({ path: `/customers/${c.province}/${c.id}`, title: c.name, notes: [c.number, c.class, c.cityName] })) },
    ],
  }
}

/** For those who may not read customers. */
export const findNothing: Find = async () => ({ groups: [], more: false })
