import { CheckOutlined, CloseOutlined, EditOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Form, Input, Popconfirm, Space, Typography, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Filters, OneFilter } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { JobActions, JobProgress } from '../job/JobStatus'
import { ExportRuleForm } from './ExportRuleForm'
import { FilterWords } from './FilterWords'
import { customersPath, exportRuleQuery, requestListParts, requestListQuery, requestMoods, requestStates, type ExportRequest } from './requests'

/** Exports that need a second person: one's own with their state, and those that one may decide. */
export default function ApprovalListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(requestListParts)
  const [declining, setDeclining] = useState<ExportRequest>()
  const [ruling, setRuling] = useState(false)
  const query = useQuery(requestListQuery(state))
  const rule = useQuery(exportRuleQuery)
  const columns: TableColumnsType<ExportRequest> = [
    { title: t('approval.number'), dataIndex: 'id' },
    { title: t('approval.requester'), dataIndex: 'requester' },
    {
      title: t('approval.filter'),
      render: (_, r) => (
        <div style={{ minWidth: 160, maxWidth: 320, whiteSpace: 'normal' }}>
          <FilterWords filter={r.filter} />
          <div>
            <Link to={customersPath(r)}>{t('approval.see')}</Link>
          </div>
        </div>
      ),
    },
    { title: t('approval.customers'), align: 'right', render: (_, r) => <span className="figure">{integer(r.customers)}</span> },
    { title: t('approval.reason'), render: (_, r) => <div style={{ minWidth: 140, maxWidth: 280, whiteSpace: 'normal' }}>{r.reason}</div> },
    { title: t('approval.createdAt'), render: (_, r) => <span className="figure">{dateTime(r.createdAt)}</span> },
    { title: t('approval.expiresAt'), render: (_, r) => <span className="figure">{r.state === 'waiting' ? dateTime(r.expiresAt) : t('value.none')}</span> },
    { title: t('approval.state'), render: (_, r) => <Standing request={r} /> },
    {
      title: t('list.actions'),
      render: (_, r) => <Actions request={r} onDecline={() => setDeclining(r)} />,
    },
  ]
  return (
    <>
      <PageHead
        title={t('approval.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        {may('rule.manage') && (
          <Button icon={<EditOutlined aria-hidden />} disabled={!rule.data} onClick={() => setRuling(true)} data-testid="approval-rule">
            {t('approval.rule')}
          </Button>
        )}
      </PageHead>
      <Card size="small">
        <Filters>
          <OneFilter
            name="state"
            label={t('approval.state')}
            value={state.state}
            options={requestStates.map((value) => ({ value, label: t(`approvalState.${value}`) }))}
            onChange={(value) => change({ state: value })}
          />
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <DataTable<ExportRequest>
              label={t('approval.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              pagination={pagination(state, page.total, change)}
              onRow={(r) => ({ 'data-testid': `approval-row-${r.id}` }) as object}
            />
          )}
        </Loaded>
      </Card>
      <SideForm title={t('approval.decline')} open={declining !== undefined} onClose={() => setDeclining(undefined)}>
        {declining && <DeclineForm request={declining} onDone={() => setDeclining(undefined)} />}
      </SideForm>
      <SideForm title={t('approval.rule')} open={ruling} onClose={() => setRuling(false)}>
        {rule.data && <ExportRuleForm rule={rule.data} onClose={() => setRuling(false)} />}
      </SideForm>
    </>
  )
}

/** Where a request stands, who decided it and how its export runs. */
function Standing({ request: r }: { request: ExportRequest }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <div style={{ minWidth: 160, maxWidth: 280, whiteSpace: 'normal' }} data-testid={`approval-${r.id}`} data-state={r.state}>
      <Mark mood={requestMoods[r.state]}>{t(`approvalState.${r.state}`)}</Mark>
      {r.decidedBy !== '' && (
        <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
          {r.decidedBy} · {dateTime(r.decidedAt)}
        </Typography.Text>
      )}
      {r.answer !== '' && `${t('approval.answer')}${t('timeline.colon')}${r.answer}`}
      {r.job && <JobProgress job={r.job} />}
    </div>
  )
}

function Actions({ request: r, onDecline }: { request: ExportRequest; onDecline: () => void }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer } = useFormats()
  const { message } = App.useApp()
  const client = useQueryClient()
  const approve = useMutation({
    mutationFn: () => answer(province.POST('/api/exports/requests/{id}/approve', { params: { path: { id: r.id } }, body: { customers: r.customers } })),
    onSuccess: () => void message.success(t('approval.approved')),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['export-requests'] }),
  })
  if (r.own) return r.job ? <JobActions job={r.job} /> : r.state === 'waiting' && t('approval.own')
  if (r.state !== 'waiting' || !may('export.approve')) return null
  return (
    <Space wrap>
      <Popconfirm
        title={t('approval.approveConfirm', { customers: integer(r.customers) })}
        okText={t('approval.approve')}
        okButtonProps={{ 'data-testid': 'approval-approve-confirm' }}
        onConfirm={() => approve.mutate()}
      >
        <Button size="small" type="primary" icon={<CheckOutlined aria-hidden />} loading={approve.isPending} data-testid={`approval-approve-${r.id}`}>
          {t('approval.approve')}
        </Button>
      </Popconfirm>
      <Button size="small" icon={<CloseOutlined aria-hidden />} onClick={onDecline} data-testid={`approval-decline-${r.id}`}>
        {t('approval.decline')}
      </Button>
    </Space>
  )
}

function DeclineForm({ request, onDone }: { request: ExportRequest; onDone: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const decline = useMutation({
    mutationFn: (reason: string) => answer(province.POST('/api/exports/requests/{id}/decline', { params: { path: { id: request.id } }, body: { reason } })),
    onSuccess: () => {
      void message.success(t('approval.declined'))
      void client.invalidateQueries({ queryKey: ['export-requests'] })
      onDone()
    },
  })
  return (
    <Form layout="vertical" onFinish={({ reason }: { reason: string }) => decline.mutate(reason)}>
      {decline.error && (
        <Alert type="error" showIcon role="alert" title={fieldTexts(t, decline.error)[0]?.text ?? problemText(t, decline.error)} data-testid="approval-decline-problem" />
      )}
      <Form.Item name="reason" label={t('approval.reasonOfDecline')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
        <Input.TextArea rows={2} maxLength={500} data-testid="approval-decline-reason" />
      </Form.Item>
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={decline.isPending} data-testid="approval-decline-make">
          {t('approval.decline')}
        </Button>
      </div>
    </Form>
  )
}
