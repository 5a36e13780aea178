import { QueryClient } from '@tanstack/react-query'
import { afterEach, expect, test, vi } from 'vitest'
import { province } from './client'
import { forgetSession, sessionQuery, type Session } from './session'

const session = (login: string) => ({ login, csrf: `token of ${login}`, permissions: [] as string[] }) as Session

const answerWith = (status: number, body: unknown) =>
  vi.spyOn(province, 'GET').mockResolvedValue({ data: body, error: body, response: new Response(null, { status }) } as never)

afterEach(() => vi.restoreAllMocks())

test('without a session the answer is nobody, not an error', async () => {
  answerWith(401, { code: 'session.missing', title: '', status: 401 })
  expect(await new QueryClient().fetchQuery(sessionQuery)).toBeNull()
})

test('what one user has read is gone before the next one comes', async () => {
  const client = new QueryClient()
  answerWith(200, session('manager'))
  await client.fetchQuery(sessionQuery)
  client.setQueryData(['customers'], 'of the manager')

  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
  expect(client.getQueryData(['customers'])).toBe('of the manager')

  answerWith(200, session('head'))
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
  expect(client.getQueryData(['customers'])).toBeUndefined()

  client.setQueryData(['customers'], 'of the head')
  forgetSession(client)
  expect(client.getQueryData(['customers'])).toBeUndefined()
  expect(client.getQueryData(sessionQuery.queryKey)).toBeNull()
})
