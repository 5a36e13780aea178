import { useMutation } from '@tanstack/react-query'
import { App, Button, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { problemText } from '../api/problem'
import { useFormats } from '../language/formats'
import { DataTable } from '../table/DataTable'
import type { OpenSession } from './accounts'

interface Props {
  sessions: OpenSession[]
  end: (id: number) => Promise<unknown>
  onEnded: () => void
}

/** Where somebody is signed in, each to be ended. */
export function SessionTable({ sessions, end, onEnded }: Props) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const { message } = App.useApp()
  const ending = useMutation({
    mutationFn: end,
    onSuccess: () => void message.success(t('sessions.ended')),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: onEnded,
  })
  const columns: TableColumnsType<OpenSession> = [
    { title: t('sessions.openedAt'), render: (_, s) => <span className="figure">{dateTime(s.openedAt)}</span> },
    { title: t('sessions.address'), dataIndex: 'address' },
    { title: t('sessions.agent'), render: (_, s) => <div style={{ maxWidth: 360, whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{s.agent}</div> },
    { title: t('sessions.expiry'), render: (_, s) => <span className="figure">{dateTime(s.expiry)}</span> },
    {
      title: t('list.actions'),
      render: (_, s) => (
        <Button size="small" danger loading={ending.isPending && ending.variables === s.id} onClick={() => ending.mutate(s.id)} data-testid={`session-end-${s.id}`}>
          {t('sessions.end')}
        </Button>
      ),
    },
  ]
  return <DataTable<OpenSession> label={t('sessions.title')} rowKey="id" columns={columns} dataSource={sessions} />
}
