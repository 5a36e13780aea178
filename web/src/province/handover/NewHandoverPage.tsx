import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Form, Input, Radio, Space, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import type { components } from '../../api/province.gen'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useUrlState } from '../../urlstate/urlState'
import { ManagerSelect } from '../customer/ManagerSelect'
import type { Choice } from '../customer/customers'
import { choiceOf, choiceParts } from './handovers'

type Preview = components['schemas']['HandoverPreviewView']

/** What whoever orders it states. */
interface Stated {
  toId: number
  reason: string
  releaseTeams?: boolean
}

/** Hands customers over: some of a list, all of it, or everything of one account manager. */
export default function NewHandoverPage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(choiceParts)
  const choice = choiceOf(state)
  return (
    <>
      <PageHead title={t('handover.new')} />
      <Card size="small" style={{ maxWidth: 760 }}>
        <Typography.Paragraph>{t('handover.explanation')}</Typography.Paragraph>
        {state.ids.length === 0 && (
          <Form layout="vertical">
            <Form.Item label={t('handover.from')} htmlFor="handover-from">
              <ManagerSelect id="handover-from" value={state.manager || null} onChange={(manager) => change({ manager: manager ?? 0 })} data-testid="handover-from" />
            </Form.Item>
          </Form>
        )}
        {choice ? <Chosen choice={choice} /> : <Typography.Paragraph type="secondary">{t('handover.choose')}</Typography.Paragraph>}
      </Card>
    </>
  )
}

function Chosen({ choice }: { choice: Choice }) {
  const query = useQuery({
    queryKey: ['handover-preview', choice],
    queryFn: ({ signal }) => answer(province.POST('/api/handovers/preview', { body: choice, signal })),
  })
  return <Loaded query={query}>{(preview) => <Order choice={choice} preview={preview} reread={() => void query.refetch()} />}</Loaded>
}

function Order({ choice, preview, reread }: { choice: Choice; preview: Preview; reread: () => void }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const client = useQueryClient()
  const order = useMutation({
    mutationFn: (stated: Stated) => answer(province.POST('/api/handovers', { body: { ...choice, expected: preview.customers, ...stated } })),
    onSuccess: () => {
      void message.success(t('handover.made'))
      void client.invalidateQueries({ queryKey: ['handovers'] })
      void client.invalidateQueries({ queryKey: ['customers'] })
      void navigate('/handovers')
    },
    onError: reread,
  })
  const managers = preview.managers.map((m) => `${m.name || t('handover.nobody')} ${integer(m.customers)}`).join('、')
  const others = preview.others > 0 ? ` ${t('handover.others', { count: preview.others })}` : ''
  const required = { required: true, message: t('problem.input.required') }
  return (
    <Space orientation="vertical" style={{ width: '100%' }} data-testid="handover-preview" data-customers={preview.customers}>
      <Facts
        facts={{
          [t('handover.customers')]: integer(preview.customers),
          [t('handover.managers')]: managers + others,
          [t('handover.contracts')]: integer(preview.contracts),
          [t('handover.jobs')]: integer(preview.jobs),
          [t('handover.team')]: integer(preview.team),
        }}
      />
      <Form layout="vertical" initialValues={{ releaseTeams: false }} onFinish={(stated: Stated) => order.mutate(stated)}>
        {order.error && <Alert type="error" showIcon role="alert" title={problemText(t, order.error)} data-testid="handover-problem" />}
        <Form.Item name="toId" label={t('handover.to')} rules={[required]}>
          <ManagerSelect data-testid="handover-to" />
        </Form.Item>
        {preview.team > 0 && (
          <Form.Item name="releaseTeams" label={t('handover.teams')}>
            <Radio.Group
              data-testid="handover-teams"
              options={[
                { value: false, label: t('handover.teamsStay') },
                { value: true, label: t('handover.teamsRelease') },
              ]}
            />
          </Form.Item>
        )}
        <Form.Item name="reason" label={t('handover.reason')} rules={[{ ...required, whitespace: true }]}>
          <Input.TextArea rows={2} maxLength={500} data-testid="handover-reason" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={order.isPending} data-testid="handover-make">
          {t('handover.make', { count: integer(preview.customers) as never })}
        </Button>
      </Form>
    </Space>
  )
}
