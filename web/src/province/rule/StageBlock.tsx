import { PushpinOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Popconfirm, Select, Timeline, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { DateInput } from '../../edit/DateInput'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { lifecycleMoods, lifecycles } from '../../reference/choices'
import { Mark } from '../../table/Mark'
import type { Customer } from '../customer/customers'
import { Grounds } from './Grounds'
import { stageQuery, wordOf, type Stage } from './rules'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** Where a customer stands in the life cycle, since when and why, what is to be done, and what was before. */
export default function StageBlock({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const query = useQuery(stageQuery(customer.id))
  const [setting, setSetting] = useState(false)
  const write = may('customer.change') && customer.mergedInto === null
  return (
    <Block
      name="stage"
      title={t('stage.title')}
      actions={
        write && (
          <Button icon={<PushpinOutlined aria-hidden />} disabled={!query.data} onClick={() => setSetting(true)} data-testid="stage-set">
            {t('stage.set')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(of) => (
          <>
            <Standing of={of} />
            {of.hold && <Held customerId={customer.id} hold={of.hold} reread={write ? reread : undefined} />}
            <History of={of} />
            <SideForm title={t('stage.set')} open={setting} onClose={() => setSetting(false)}>
              <StageForm
                customerId={customer.id}
                stage={of.stage}
                onSaved={() => {
                  setSetting(false)
                  reread()
                }}
                onCancel={() => setSetting(false)}
              />
            </SideForm>
          </>
        )}
      </Loaded>
    </Block>
  )
}

function Standing({ of }: { of: Stage }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <>
      <p>
        <Mark mood={lifecycleMoods[of.stage]} data-testid="stage-now">
          {wordOf(of.stage)}
        </Mark>{' '}
        {t('stage.since', { time: dateTime(of.since) })}
      </p>
      {of.strategy && (
        <p style={{ overflowWrap: 'anywhere' }} data-testid="stage-strategy">
          {t('stage.strategy', { text: of.strategy })}
        </p>
      )}
    </>
  )
}

/** That a person set the stage; without reread it cannot be ended here. */
function Held({ customerId, hold, reread }: { customerId: number; hold: NonNullable<Stage['hold']>; reread?: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const release = useMutation({
    mutationFn: () => answer(province.DELETE('/api/customers/{id}/stage', { params: { path: { id: customerId } } })),
    onSuccess: () => reread?.(),
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('stage.held', { until: hold.until, actor: hold.actor })}
      description={hold.reason}
      action={
        reread && (
          <Popconfirm title={t('stage.releaseConfirm')} okText={t('stage.release')} onConfirm={() => release.mutate()}>
            <Button size="small" loading={release.isPending} data-testid="stage-release">
              {t('stage.release')}
            </Button>
          </Popconfirm>
        )
      }
      data-testid="stage-hold"
    />
  )
}

function History({ of }: { of: Stage }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  if (of.history.length === 0) return <p>{t('stage.unchanged')}</p>
  return (
    <Timeline
      items={of.history.map((c, i) => ({
        key: of.history.length - i,
        content: (
          <div data-testid="stage-change">
            {t('stage.changed', { from: wordOf(c.from), to: wordOf(c.to) })}
            {c.reason && <div style={{ overflowWrap: 'anywhere' }}>{c.reason}</div>}
            {c.why && <Grounds why={c.why} />}
            <Typography.Text type="secondary">
              {dateTime(c.at)} · {c.actor}
            </Typography.Text>
          </div>
        ),
      }))}
    />
  )
}

interface Wish {
  stage: Stage['stage']
  until: string
  reason: string
}

function StageForm({ customerId, stage, onSaved, onCancel }: { customerId: number; stage: Stage['stage']; onSaved: () => void; onCancel: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<Wish>()
  const required = { required: true, message: t('problem.input.required') }
  const save = useMutation({
    mutationFn: (body: Wish) => answer(province.PUT('/api/customers/{id}/stage', { params: { path: { id: customerId } }, body })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      onSaved()
    },
    onError: (error) => {
      const fields = fieldTexts(t, error).map((e) => ({ name: e.field === 'lifecycle' ? 'stage' : e.field, errors: [e.text] }))
      form.setFields(fields as Parameters<typeof form.setFields>[0])
      if (fields.length === 0) void message.error(problemText(t, error))
    },
  })
  return (
    <Form<Wish> form={form} name="stage" layout="vertical" initialValues={{ stage, until: '', reason: '' }} onFinish={(wish) => save.mutate(wish)} data-testid="form-stage">
      <p>{t('stage.help')}</p>
      <Form.Item name="stage" label={t('stage.stage')} rules={[required]}>
        <Select options={lifecycles.map((value) => ({ value, label: wordOf(value) }))} data-testid="field-stage" />
      </Form.Item>
      <Form.Item name="until" label={t('stage.until')} rules={[required]}>
        <DateInput data-testid="field-until" />
      </Form.Item>
      <Form.Item name="reason" label={t('stage.reason')} rules={[{ ...required, whitespace: true }]}>
        <Input.TextArea maxLength={500} rows={3} data-testid="field-reason" />
      </Form.Item>
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onCancel}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save">
          {t('action.save')}
        </Button>
      </div>
    </Form>
  )
}
