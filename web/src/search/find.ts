/** What a search found, and the page that shows it. */
export interface Hit {
  path: string
  title: string
  /** What tells it from others of the same title. */
  notes: string[]
}

/** Hits of a kind. */
export interface Group {
  kind: 'customers' | 'contacts' | 'members' | 'contracts' | 'pages'
  hits: Hit[]
}

export interface Found {
  groups: Group[]
  /** Of some kind there are more. */
  more: boolean
}

/** Looks for a text in everything that a portal has. */
export type Find = (text: string, signal: AbortSignal) => Promise<Found>

/** The search of a portal, and what it finds something by. */
export interface Search {
  find: Find
  hint: string
}

/** The fewest characters that something is looked for by. */
export const shortest = 2

/** The place that an arrow key goes to in a list of so many, round its ends. */
export function next(key: string, at: number, count: number): number {
  if (count === 0) return -1
  return key === 'ArrowDown' ? (at + 1) % count : at <= 0 ? count - 1 : at - 1
}
