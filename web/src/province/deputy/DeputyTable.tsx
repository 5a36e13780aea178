import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, Typography, type TableColumnsType, type TablePaginationConfig } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import type { Deputy } from './deputies'

const moods = { planned: 'waiting', running: 'good', over: 'neutral' } as const

/** Who stands in for whom, from when until when. */
export function DeputyTable({ items, pagination }: { items: Deputy[]; pagination: TablePaginationConfig | false }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const columns: TableColumnsType<Deputy> = [
    { title: t('deputy.absent'), render: (_, d) => <Link to={`/customers?manager=${d.absentId}`}>{d.absent}</Link> },
    { title: t('deputy.deputy'), render: (_, d) => `${d.name} (${d.login})` },
    {
      title: t('deputy.days'),
      render: (_, d) => (
        <span className="figure">
          {d.from} – {d.until}
        </span>
      ),
    },
    { title: t('deputy.state'), render: (_, d) => <Mark mood={moods[d.state]}>{t(`deputyState.${d.state}`)}</Mark> },
    { title: t('deputy.reason'), render: (_, d) => <div style={{ minWidth: 120, maxWidth: 320, whiteSpace: 'normal' }}>{d.reason}</div> },
    {
      title: t('deputy.namedBy'),
      render: (_, d) => (
        <>
          <span className="figure">
            {d.namedBy} · {dateTime(d.namedAt)}
          </span>
          {d.endedAt && (
            <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
              {t('deputy.ended', { by: d.endedBy, at: dateTime(d.endedAt) })}
            </Typography.Text>
          )}
        </>
      ),
    },
    { title: t('list.actions'), render: (_, d) => d.state !== 'over' && <End deputy={d} /> },
  ]
  return (
    <DataTable<Deputy>
      label={t('deputies.title')}
      rowKey="id"
      columns={columns}
      dataSource={items}
      pagination={pagination}
      onRow={(d) => ({ 'data-testid': `deputy-row-${d.id}` }) as object}
    />
  )
}

function End({ deputy: d }: { deputy: Deputy }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { may } = useSession()
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () => answer(province.POST('/api/deputies/{id}/end', { params: { path: { id: d.id } } })),
    onSuccess: () => message.success(t('deputy.endDone')),
    onError: (error) => message.error(problemText(t, error)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['deputies'] }),
  })
  if (!may('deputy.name')) return null
  return (
    <Popconfirm title={t('deputy.endConfirm', { deputy: d.name, absent: d.absent })} okText={t('deputy.end')} onConfirm={() => end.mutate()}>
      <Button size="small" loading={end.isPending} aria-label={t('deputy.endOf', { deputy: d.name, absent: d.absent })} data-testid={`deputy-end-${d.id}`}>
        {t('deputy.end')}
      </Button>
    </Popconfirm>
  )
}
