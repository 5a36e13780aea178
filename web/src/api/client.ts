import createClient, { type Middleware } from 'openapi-fetch'
import type { paths as NationalPaths } from './national.gen'
import { ProblemError, problemOf } from './problem'
import type { paths as ProvincePaths } from './province.gen'

let token = ''

/** The session's proof that our page sends a request; it goes with everything but GET. */
export function setToken(csrf: string) {
  token = csrf
}

const proof: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-CSRF-Token', token)
    return request
  },
}

// Lists go as the nodes read them: one parameter, separated by commas.
const options = { baseUrl: window.location.origin, querySerializer: { array: { style: 'form', explode: false } } } as const

/** The operations of a province's node, and of the national one. */
export const province = createClient<ProvincePaths>(options)
export const national = createClient<NationalPaths>(options)
province.use(proof)
national.use(proof)

/** The document that an operation answers with, or a ProblemError. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const result = await call.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError(problemOf(0, undefined))
  })
  if (!result.response.ok) throw new ProblemError(problemOf(result.response.status, result.error))
  return result.data as T
}
