import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { App as AntApp, ConfigProvider } from 'antd'
import { BrowserRouter } from 'react-router-dom'
import { isProblem, ProblemError } from '../api/problem'
import { forgetSession, sessionQuery } from '../api/session'
import { LanguageProvider, useLanguage } from '../language/LanguageProvider'
import { nonce } from './nonce'
import { SessionGate } from './SessionGate'
import { stillness, theme } from './theme'

// A session that has ended shows in whatever was asked next; a session that was opened anew in
// another tab shows in a refused token.
function watchSession(error: unknown) {
  if (error instanceof ProblemError && error.problem.status === 401 && !isProblem(error, 'session.refused')) {
    forgetSession(client)
  }
  if (isProblem(error, 'request.csrf')) void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: watchSession }),
  mutationCache: new MutationCache({ onError: watchSession }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What a node has refused it will refuse again; what did not get there may get there now.
      retry: (failures, error) => failures < 2 && error instanceof ProblemError && (error.problem.status === 0 || error.problem.status >= 502),
    },
  },
})

export function App() {
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <Page />
      </LanguageProvider>
    </QueryClientProvider>
  )
}

function Page() {
  const { pack } = useLanguage()
  return (
    <ConfigProvider locale={pack.antd} theme={theme} wave={{ disabled: stillness }} csp={{ nonce }} button={{ autoInsertSpace: false }}>
      <AntApp>
        <BrowserRouter>
          <SessionGate />
        </BrowserRouter>
      </AntApp>
    </ConfigProvider>
  )
}
