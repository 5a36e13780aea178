import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

export type Unit = components['schemas']['OrganisationNodeView']

/** A unit with those below it, as a table shows them. */
export interface Branch extends Unit {
  children?: Branch[]
}

export const treeQuery = queryOptions({
  queryKey: ['organisation', 'tree'],
  queryFn: ({ signal }) => answer(province.GET('/api/organisation/tree', { signal })),
})

/** The units as trees; closed ones only if they are asked for. */
export function branchesOf(units: Unit[], closed: boolean): Branch[] {
  const shown = units.filter((u) => u.active || closed)
  const below = new Map<number, Unit[]>()
  for (const u of shown) below.set(u.parentId, [...(below.get(u.parentId) ?? []), u])
  const branch = (u: Unit): Branch => {
    const children = below.get(u.id)?.map(branch)
    return children ? { ...u, children } : u
  }
  return (below.get(0) ?? []).map(branch)
}

/** The kind of unit that stands below another one; undefined: none. */
export const kindBelow = { province: 'city', city: 'department', department: 'person', person: undefined } as const
