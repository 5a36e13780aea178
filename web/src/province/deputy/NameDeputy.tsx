import { UserAddOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { DateInput } from '../../edit/DateInput'
import { SideForm } from '../../edit/SideForm'
import { ManagerSelect } from '../customer/ManagerSelect'
import { candidatesQuery } from './deputies'

interface Order {
  absentId: number
  accountId: number
  from: string
  until: string
  reason: string
}

/** Names who stands in for an account manager: for oneself, or for somebody in reach. */
export function NameDeputy() {
  const { t } = useTranslation()
  const { may } = useSession()
  const [open, setOpen] = useState(false)
  if (!may('deputy.name')) return null
  const close = () => setOpen(false)
  return (
    <>
      <Button type="primary" icon={<UserAddOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="deputy-new">
        {t('deputy.new')}
      </Button>
      <SideForm title={t('deputy.new')} open={open} onClose={close}>
        <NameForm onDone={close} />
      </SideForm>
    </>
  )
}

function NameForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const { message } = App.useApp()
  const client = useQueryClient()
  const [form] = Form.useForm<Order>()
  const own = session.scope === 'own'
  const absent = Form.useWatch('absentId', form) ?? 0
  const candidates = useQuery(candidatesQuery(absent))
  const required = { required: true, message: t('problem.input.required') }
  const name = useMutation({
    mutationFn: (body: Order) => answer(province.POST('/api/deputies', { body })),
    onSuccess: () => {
      void message.success(t('deputy.named'))
      void client.invalidateQueries({ queryKey: ['deputies'] })
      onDone()
    },
    onError: (error) => form.setFields(fieldTexts(t, error).map(({ field, text }) => ({ name: field as keyof Order, errors: [text] }))),
  })
  const told = name.error && fieldTexts(t, name.error).length > 0
  return (
    <Form form={form} name="deputy" layout="vertical" initialValues={own ? { absentId: session.unitId } : {}} onFinish={(order) => name.mutate(order)}>
      <p>{t('deputy.explanation')}</p>
      <Form.Item name="absentId" label={t('deputy.absent')} rules={[required]} hidden={own}>
        <ManagerSelect data-testid="deputy-absent" />
      </Form.Item>
      <Form.Item name="accountId" label={t('deputy.deputy')} rules={[required]}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          disabled={!absent}
          loading={candidates.isFetching}
          data-testid="deputy-person"
          options={candidates.data?.items.map((c) => ({ value: c.id, label: `${c.name} (${c.login}) · ${c.unit}` }))}
        />
      </Form.Item>
      <Form.Item name="from" label={t('deputy.from')} rules={[required]}>
        <DateInput />
      </Form.Item>
      <Form.Item name="until" label={t('deputy.until')} rules={[required]}>
        <DateInput />
      </Form.Item>
      <Form.Item name="reason" label={t('deputy.reason')} rules={[{ ...required, whitespace: true }]}>
        <Input maxLength={200} data-testid="deputy-reason" />
      </Form.Item>
      {name.error && !told && <Alert type="error" showIcon role="alert" title={problemText(t, name.error)} />}
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={name.isPending} data-testid="deputy-name">
          {t('deputy.new')}
        </Button>
      </div>
    </Form>
  )
}
