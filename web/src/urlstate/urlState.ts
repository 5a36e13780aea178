import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router-dom'

/** How one part of a page's state stands in the URL. A value that is the usual one stands not. */
interface Part<T> {
  read: (text: string | null) => T
  write: (value: T) => string | null
}

export type Parts<S> = { [K in keyof S]: Part<S[K]> }

export const text: Part<string> = {
  read: (written) => written ?? '',
  write: (value) => value || null,
}

export const list: Part<string[]> = {
  read: (written) => (written ? written.split(',').filter(Boolean) : []),
  write: (value) => (value.length > 0 ? value.join(',') : null),
}

export const numbers: Part<number[]> = {
  read: (written) => list.read(written).map(Number).filter(Number.isSafeInteger),
  write: (value) => list.write(value.map(String)),
}

export function choice<T extends string>(allowed: readonly T[], usual: T): Part<T> {
  return {
    read: (written) => allowed.find((value) => value === written) ?? usual,
    write: (value) => (value === usual ? null : value),
  }
}

export function choices<T extends string>(allowed: readonly T[], usual: readonly T[] = []): Part<T[]> {
  return {
    read: (written) => (written === null ? [...usual] : allowed.filter((value) => written.split(',').includes(value))),
    write: (value) => (value.join() === usual.join() ? null : value.join()),
  }
}

export function integer(usual: number, least = 0, most = Number.MAX_SAFE_INTEGER): Part<number> {
  return {
    read(written) {
      const value = written === null || !/^\d+$/.test(written) ? usual : Number(written)
      return value >= least && value <= most ? value : usual
    },
    write: (value) => (value === usual ? null : String(value)),
  }
}

/** The state that the parameters say. What they do not say is as in base, or the usual value. */
export function readState<S extends object>(parts: Parts<S>, params: URLSearchParams, base?: S): S {
  const names = Object.keys(parts) as (keyof S & string)[]
  return Object.fromEntries(names.map((name) => [name, base && !params.has(name) ? base[name] : parts[name].read(params.get(name))])) as S
}

/** The parameters with what a state has other than base, or than the usual state. Parameters of others stay. */
export function writeState<S extends object>(parts: Parts<S>, state: S, params: URLSearchParams, base?: S): URLSearchParams {
  const written = new URLSearchParams(params)
  for (const name of Object.keys(parts) as (keyof S & string)[]) {
    const value = parts[name].write(state[name])
    if (value === (base ? parts[name].write(base[name]) : null)) written.delete(name)
    else written.set(name, value ?? '')
  }
  return written
}

/**
 * A page's state, held in the URL so that it can be kept, sent and gone back to. parts must not
 * change between renderings. A change of anything but the page begins at the first page again;
 * with replace it makes no step of the browser's history, as while somebody types. With base, which
 * must not change needlessly either, the URL holds what is other than there.
 */
export function useUrlState<S extends object>(parts: Parts<S>, base?: S) {
  const [params, setParams] = useSearchParams()
  const state = useMemo(() => readState(parts, params, base), [parts, params, base])
  const change = useCallback(
    (patch: Partial<S>, replace = false) =>
      setParams(
        (now) => {
          const first = 'page' in parts && !('page' in patch) ? { page: 1 } : {}
          return writeState(parts, { ...readState(parts, now, base), ...first, ...patch }, now, base)
        },
        { replace },
      ),
    [parts, base, setParams],
  )
  return [state, change] as const
}
