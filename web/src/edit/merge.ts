/** Whose value a field gets. */
export type Side = 'mine' | 'theirs'

/** A field whose value is not the same in what was read, what I want and what is stored now. */
export interface Difference<F> {
  name: keyof F & string
  original: F[keyof F]
  mine: F[keyof F]
  theirs: F[keyof F]
  /** The side that alone changed the field; none where both did, and somebody has to choose. */
  changedBy?: Side
}

/**
 * Compares three states of a record, field by field. Locked fields are not mine to change: they
 * always are as they are stored now.
 */
export function differences<F extends object>(original: F, mine: F, theirs: F, locked: readonly (keyof F)[] = []): Difference<F>[] {
  const names = Object.keys(original) as (keyof F & string)[]
  return names.flatMap((name) => {
    const [o, m, t] = [original[name], mine[name], theirs[name]]
    if (locked.includes(name) || m === t) return []
    const changedBy = t === o ? 'mine' : m === o ? 'theirs' : undefined
    return [{ name, original: o, mine: m, theirs: t, changedBy }]
  })
}

export type Choices = Record<string, Side | undefined>

/** The choices that nobody has to make. */
export function obvious<F>(found: Difference<F>[]): Choices {
  return Object.fromEntries(found.map((d) => [d.name, d.changedBy]))
}

/** Whether somebody has still to choose. */
export function undecided<F>(found: Difference<F>[], chosen: Choices): boolean {
  return found.some((d) => chosen[d.name] === undefined)
}

/** What is stored now with my value in each field for which it was chosen. */
export function merge<F extends object>(theirs: F, found: Difference<F>[], chosen: Choices): F {
  const mine = found.filter((d) => chosen[d.name] === 'mine').map((d) => [d.name, d.mine])
  return { ...theirs, ...Object.fromEntries(mine) }
}

/** A record with the locked fields of another state. */
export function withLocked<F extends object>(facts: F, from: F, locked: readonly (keyof F)[]): F {
  return { ...facts, ...Object.fromEntries(locked.map((name) => [name, from[name]])) }
}
