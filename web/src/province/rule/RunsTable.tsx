import { StopOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { App, Button, Progress, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { useRereadRules, wordOf, type Kind, type Run } from './rules'

const moods = { running: 'busy', done: 'good', cancelled: 'warning' } as const

/** The runs over the customers with what each moved, or would move. */
export function RunsTable({ kind, runs }: { kind: Kind; runs: Run[] }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const { message } = App.useApp()
  const reread = useRereadRules(kind)
  const cancel = useMutation({
    mutationFn: (id: number) => answer(province.POST('/api/rule-runs/{id}/cancel', { params: { path: { id } } })),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: reread,
  })
  const columns: TableColumnsType<Run> = [
    { title: t('rule.version'), render: (_, r) => r.version },
    { title: t('rule.dry'), render: (_, r) => t(r.dry ? 'rule.dryRun' : 'rule.realRun') },
    { title: t('rule.started'), render: (_, r) => `${r.actor} · ${dateTime(r.startedAt)}` },
    {
      title: t('rule.state'),
      render: (_, r) => (
        <div style={{ minWidth: 140 }} role="status">
          <Mark mood={moods[r.state]}>{t(`ruleRun.${r.state}`)}</Mark>
          {r.state === 'running' && <Progress percent={r.percent} size="small" aria-label={t('rule.progress')} />}
          {r.trouble && <div>{t('rule.trouble')}</div>}
        </div>
      ),
    },
    {
      title: t('rule.moves'),
      render: (_, r) => (
        <ul style={{ margin: 0, paddingInlineStart: 16 }}>
          {r.moves.map((m) => (
            <li key={`${m.from}>${m.to}`}>{t('rule.move', { from: wordOf(m.from), to: wordOf(m.to), customers: integer(m.customers) })}</li>
          ))}
          <li>{t('rule.counts', { customers: integer(r.customers), held: integer(r.held), refused: integer(r.refused) })}</li>
        </ul>
      ),
    },
    {
      title: t('list.actions'),
      render: (_, r) =>
        r.state === 'running' && (
          <Button size="small" danger icon={<StopOutlined aria-hidden />} onClick={() => cancel.mutate(r.id)} data-testid={`rule-cancel-${r.id}`}>
            {t('rule.cancel')}
          </Button>
        ),
    },
  ]
  return (
    <DataTable<Run>
      label={t('rule.runs')}
      rowKey="id"
      columns={columns}
      dataSource={runs}
      onRow={(r) => ({ 'data-testid': 'rule-run-row', 'data-state': r.state, 'data-dry': r.dry }) as object}
    />
  )
}
