import { useQuery } from '@tanstack/react-query'
import { App } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../api/client'
import { useSession } from '../api/session'
import { Block } from '../frame/Block'
import { Loaded } from '../frame/Outcome'
import { PageHead } from '../frame/PageHead'
import { ownSessionsQuery } from './accounts'
import { PasswordForm } from './PasswordForm'
import { SessionTable } from './SessionTable'

/** One's own account: what the node adds, sessions and password. */
export default function OwnPage({ children }: { children?: ReactNode }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const { message } = App.useApp()
  const query = useQuery(ownSessionsQuery)
  return (
    <>
      <PageHead title={t('own.title')} note={`${session.login} · ${session.name}`} />
      <div className="stack">
        {children}
        <Block name="own-sessions" title={t('sessions.title')}>
          <Loaded query={query}>
            {({ items }) => (
              <SessionTable
                sessions={items}
                end={(id) => answer(province.DELETE('/api/session/all/{id}', { params: { path: { id } } }))}
                onEnded={() => void query.refetch()}
              />
            )}
          </Loaded>
        </Block>
        <Block name="own-password" title={t('password.change')}>
          <PasswordForm
            onChanged={() => {
              void message.success(t('password.changed'))
              void query.refetch()
            }}
          />
        </Block>
      </div>
    </>
  )
}
