import { RollbackOutlined, SwapOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Form, Input, Space, Typography, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { JobActions, JobProgress } from '../job/JobStatus'
import { handedOver, handoverListParts, handoverListQuery, runs, type Handover } from './handovers'
import { Names } from './Names'

/** Hand-overs of customers from one account manager to another, and how far they are. */
export default function HandoverListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(handoverListParts)
  const [undoing, setUndoing] = useState<Handover>()
  const query = useQuery(handoverListQuery(state))
  const columns: TableColumnsType<Handover> = [
    { title: t('handovers.number'), dataIndex: 'id' },
    { title: t('handover.from'), render: (_, h) => <Names of={h} side="from" /> },
    { title: t('handover.to'), render: (_, h) => <Names of={h} side="to" /> },
    {
      title: t('handover.reason'),
      render: (_, h) => (
        <div style={{ minWidth: 140, maxWidth: 320, whiteSpace: 'normal' }}>
          {h.reason}
          <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
            {h.undoesId > 0 && t('handover.undoOf', { id: h.undoesId })} {h.undoneBy > 0 && t('handover.undoneBy', { id: h.undoneBy })}
          </Typography.Text>
        </div>
      ),
    },
    {
      title: t('handover.at'),
      render: (_, h) => (
        <span className="figure">
          {dateTime(h.at)} · {h.actor}
        </span>
      ),
    },
    {
      title: t('handover.progress'),
      render: (_, h) => (h.job ? <JobProgress job={h.job} /> : `${integer(handedOver(h))} / ${integer(h.customers)}`),
    },
    {
      title: t('list.actions'),
      render: (_, h) => (
        <Space wrap>
          {h.own && h.job && <JobActions job={h.job} />}
          {may('customer.assign') && !runs(h) && h.undoneBy === 0 && handedOver(h) > 0 && (
            <Button size="small" icon={<RollbackOutlined aria-hidden />} onClick={() => setUndoing(h)} data-testid={`handover-undo-${h.id}`}>
              {t('handover.undo')}
            </Button>
          )}
        </Space>
      ),
    },
  ]
  const close = () => setUndoing(undefined)
  return (
    <>
      <PageHead
        title={t('handovers.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        {may('customer.assign') && (
          <Link to="/handovers/new">
            <Button type="primary" icon={<SwapOutlined aria-hidden />} tabIndex={-1} data-testid="handover-new">
              {t('handover.new')}
            </Button>
          </Link>
        )}
      </PageHead>
      <Card size="small">
        <Loaded query={query}>
          {(page) => (
            <DataTable<Handover>
              label={t('handovers.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              pagination={pagination(state, page.total, change)}
              onRow={(h) => ({ 'data-testid': `handover-row-${h.id}` }) as object}
            />
          )}
        </Loaded>
      </Card>
      <SideForm title={t('handover.undo')} open={undoing !== undefined} onClose={close}>
        {undoing && <UndoForm handover={undoing} onDone={close} />}
      </SideForm>
    </>
  )
}

function UndoForm({ handover, onDone }: { handover: Handover; onDone: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const undo = useMutation({
    mutationFn: (reason: string) => answer(province.POST('/api/handovers/{id}/undo', { params: { path: { id: handover.id } }, body: { reason } })),
    onSuccess: () => {
      void message.success(t('handover.made'))
      void client.invalidateQueries({ queryKey: ['handovers'] })
      onDone()
    },
  })
  return (
    <Form layout="vertical" onFinish={({ reason }: { reason: string }) => undo.mutate(reason)}>
      <Typography.Paragraph>{t('handover.undoExplanation')}</Typography.Paragraph>
      {undo.error && <Alert type="error" showIcon role="alert" title={problemText(t, undo.error)} data-testid="handover-undo-problem" />}
      <Form.Item name="reason" label={t('handover.reason')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
        <Input.TextArea rows={2} maxLength={500} data-testid="handover-undo-reason" />
      </Form.Item>
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={undo.isPending} data-testid="handover-undo-make">
          {t('handover.undo')}
        </Button>
      </div>
    </Form>
  )
}
