import { queryOptions, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { createContext, use } from 'react'
import { answer, province, setToken } from './client'
import { ProblemError } from './problem'
import type { components } from './province.gen'

export type Session = components['schemas']['SessionView']

/** What the pages ask for before they offer something. The nodes check it again. */
export type Permission =
  | 'account.manage'
  | 'audit.read'
  | 'customer.read'
  | 'customer.create'
  | 'customer.change'
  | 'customer.classify'
  | 'customer.assign'
  | 'customer.claim'
  | 'customer.credit'
  | 'customer.export'
  | 'export.approve'
  | 'attribute.manage'
  | 'organisation.edit'
  | 'roster.manage'
  | 'rule.manage'
  | 'customer.import'
  | 'customer.merge'
  | 'customer.sensitive'
  | 'deputy.name'
  | 'team.name'
  | 'contact.change'
  | 'contact.private'
  | 'contact.reveal'
  | 'contract.change'
  | 'interaction.write'
  | 'member.write'
  | 'view.publish'
  | 'journal.read'
  | 'selection.read'
  | 'selection.change'
  | 'selection.approve'
  | 'reference.read'
  | 'reference.extend'
  | 'nation.read'
  | 'nation.customer.read'
  | 'report.read'
  | 'reconciliation.read'
  | 'reconciliation.run'
  | 'nation.reference.read'
  | 'nation.reference.change'

/** The ways to sign in. */
export const waysQuery = queryOptions({
  queryKey: ['sign-in-ways'],
  queryFn: ({ signal }) => answer(province.GET('/api/session/ways', { signal })),
})

/** How often the header's data time is asked for. */
const refresh = 60_000

const queryKey = ['session']

/** Takes a session over. What one user has read is not for the next user of this browser. */
function accept(client: QueryClient, session: Session | null): Session | null {
  if (client.getQueryData<Session | null>(queryKey)?.login !== session?.login) {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] })
  }
  setToken(session?.csrf ?? '')
  return session
}

/** The session of this browser; null: nobody has signed in. Both levels answer in the same shape. */
export const sessionQuery = queryOptions({
  queryKey,
  queryFn: async ({ client, signal }): Promise<Session | null> => {
    try {
      return accept(client, await answer(province.GET('/api/session', { signal })))
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 401) return accept(client, null)
      throw error
    }
  },
  staleTime: refresh,
  refetchInterval: (query) => (query.state.data ? refresh : false),
})

/** Shows the sign-in page, since the node knows no session of this browser any more. */
export function forgetSession(client: QueryClient) {
  client.setQueryData(queryKey, accept(client, null))
}

export function useSessionChanges() {
  const client = useQueryClient()
  const take = (session: Session) => client.setQueryData(queryKey, accept(client, session))
  return {
    open: async (login: string, password: string) => {
      const session = await answer(province.POST('/api/session', { body: { login, password } }))
      take(session)
      return session
    },
    setLanguage: async (language: Session['language']) => {
      take(await answer(province.PUT('/api/session/language', { body: { language } })))
    },
    changePassword: async (old: string, password: string) => {
      take(await answer(province.PUT('/api/session/password', { body: { old, password } })))
    },
    close: async () => {
      await client.cancelQueries() // or what is still asked for would be asked without a session
      const { next } = await answer(province.DELETE('/api/session'))
      forgetSession(client)
      if (next) window.location.assign(next) // the provider at which the session was opened
    },
  }
}

/** The session inside of the portal, where there always is one. */
export const SessionContext = createContext<Session | null>(null)

export function useSession() {
  const session = use(SessionContext)
  if (!session) throw new Error('useSession without a session')
  return { session, may: (permission: Permission) => session.permissions.includes(permission) }
}
