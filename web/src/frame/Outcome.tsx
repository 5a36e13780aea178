import { Button, Result, Spin } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { problemText, ProblemError } from '../api/problem'
import { usePageTitle } from './usePageTitle'

export function Loading() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('outcome.loading')} style={{ display: 'grid', placeItems: 'center', minHeight: 240 }}>
      <Spin />
    </div>
  )
}

/** What stands in place of what could not be loaded. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation()
  const missing = error instanceof ProblemError && error.problem.status === 404
  if (missing) return <Missing text={problemText(t, error)} />
  return (
    <Result
      status="warning"
      title={problemText(t, error)}
      data-testid="problem"
      extra={retry && <Button onClick={retry}>{t('action.retry')}</Button>}
    />
  )
}

interface Answer<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

/** A query's data, or what stands in its place. Data that is there stays while it is asked for anew. */
export function Loaded<T>({ query, children }: { query: Answer<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />
  return <Loading />
}

export function UnknownPage() {
  const { t } = useTranslation()
  return <Missing text={t('problem.request.unknown_path')} />
}

// What is missing is the whole page, so this is its heading.
function Missing({ text }: { text: string }) {
  const { t } = useTranslation()
  usePageTitle(text)
  return (
    <Result
      status="info"
      title={<h1 style={{ font: 'inherit', margin: 0 }}>{text}</h1>}
      extra={<Link to="/">{t('action.home')}</Link>}
      data-testid="problem"
    />
  )
}
