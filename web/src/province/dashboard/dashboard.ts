import { queryOptions } from '@tanstack/react-query'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { classes, lifecycles } from '../../reference/choices'

type Schemas = components['schemas']

export type Dashboard = Schemas['DashboardDashboardView']
export type Group = Schemas['DashboardGroupView']
export type Income = Schemas['DashboardAmounts']

/** How often the figures are asked for again, in milliseconds. */
const refreshEvery = 60_000

export function dashboardQuery(department: number) {
  return queryOptions({
    queryKey: ['dashboard', department],
    queryFn: ({ signal }) => answer(province.GET('/api/dashboard', { params: { query: { department: department || undefined } }, signal })),
    refetchInterval: refreshEvery,
  })
}

/** What ends within 30 days and more, of which only the sums are shown. */
export const dueQuery = queryOptions({
  queryKey: ['contracts-due', '30', ''],
  queryFn: ({ signal }) => answer(province.GET('/api/contracts/due', { params: { query: { days: 30 } }, signal })),
})

export type Stage = (typeof lifecycles)[number]

/** How many customers a class has at each stage. */
export interface ClassRow {
  class: string
  stages: Record<Stage, number>
  customers: number
}

/** The counts as a table of classes by stages, with all classes in the last row. */
export function classRows(counts: Dashboard['counts']): ClassRow[] {
  const rowOf = (name: string, counted: Dashboard['counts']): ClassRow => {
    const of = (stage: Stage) => counted.filter((c) => c.lifecycle === stage).reduce((sum, c) => sum + c.customers, 0)
    return {
      class: name,
      stages: { potential: of('potential'), active: of('active'), suspended: of('suspended'), lost: of('lost') },
      customers: counted.reduce((sum, c) => sum + c.customers, 0),
    }
  }
  return [...classes.map((name) => rowOf(name, counts.filter((c) => c.class === name))), rowOf('', counts)]
}

/** The customers that a count is of. */
export function customersOf(of: { class?: string; lifecycle?: string }): string {
  const written = new URLSearchParams(Object.entries(of).filter(([, value]) => value !== ''))
  return `/customers${written.size > 0 ? `?${written}` : ''}`
}

/** The customers of a manager or a department. */
export function customersOfGroup(id: number, departments: boolean): string {
  if (id === 0) return '/customers?unassigned=true'
  return `/customers?${departments ? 'unit' : 'manager'}=${id}`
}

/** The growth against the month before in hundredths of a percent; null where there was nothing. */
export const growthOf = ({ lastFen, beforeFen }: Income): number | null => (beforeFen === 0 ? null : Math.round(((lastFen - beforeFen) * 10_000) / beforeFen))
