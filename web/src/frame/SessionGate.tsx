import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { SessionContext, sessionQuery } from '../api/session'
import { useLanguage } from '../language/LanguageProvider'
import { lazyPart } from '../language/lazyPart'
import { Loading, Problem } from './Outcome'

const SignInPage = lazy(() => import('./SignInPage'))
const ForcedPasswordPage = lazy(() => import('../account/ForcedPasswordPage'))
const Province = lazy(() => import('../province/Province'))
const National = lazyPart('national', () => import('../national/National'))

/** Shows the portal of the level that the node is of to who has signed in, else the sign-in page. */
export function SessionGate() {
  const { data: session, isPending, error, refetch } = useQuery(sessionQuery)
  const { choose } = useLanguage()
  const language = session?.language
  useEffect(() => {
    if (language) choose(language)
  }, [language, choose])

  if (isPending) return <Loading />
  // A node that does not answer for a moment does not end the session.
  if (error && session === undefined) return <Problem error={error} retry={() => void refetch()} />
  if (!session) {
    return (
      <Suspense fallback={<Loading />}>
        <SignInPage />
      </Suspense>
    )
  }
  return (
    <SessionContext key={session.login} value={session}>
      <Suspense fallback={<Loading />}>
        {session.mustChangePassword ? <ForcedPasswordPage /> : session.node.level === 'province' ? <Province /> : <National />}
      </Suspense>
    </SessionContext>
  )
}
