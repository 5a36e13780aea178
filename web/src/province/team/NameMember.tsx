import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Form, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { DateInput } from '../../edit/DateInput'
import { candidatesQuery, duties, type Duty } from './teams'

interface Order {
  accountId: number
  duty: Duty
  from: string
  until: string
}

interface Props {
  customerId: number
  /** Reads the page anew. */
  reread: () => void
  onDone: () => void
}

/** Names somebody for a customer's team. */
export function NameMember({ customerId, reread, onDone }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<Order>()
  const required = { required: true, message: t('problem.input.required') }
  const name = useMutation({
    mutationFn: (body: Order) => answer(province.POST('/api/customers/{id}/team', { params: { path: { id: customerId } }, body })),
    onSuccess: () => {
      void message.success(t('team.named'))
      reread()
      onDone()
    },
    onError: (error) => form.setFields(fieldTexts(t, error).map(({ field, text }) => ({ name: field as keyof Order, errors: [text] }))),
  })
  const told = name.error && fieldTexts(t, name.error).length > 0
  return (
    <Form form={form} name="team" layout="vertical" onFinish={(order) => name.mutate(order)}>
      <p>{t('team.explanation')}</p>
      <Form.Item name="accountId" label={t('team.person')} rules={[required]}>
        <PersonSelect customerId={customerId} />
      </Form.Item>
      <Form.Item name="duty" label={t('team.duty')} rules={[required]}>
        <Select data-testid="team-duty" options={duties.map((value) => ({ value, label: t(`teamDuty.${value}`) }))} showSearch={{ optionFilterProp: 'label' }} />
      </Form.Item>
      <Form.Item name="from" label={t('team.from')} rules={[required]}>
        <DateInput />
      </Form.Item>
      <Form.Item name="until" label={t('team.until')} rules={[required]}>
        <DateInput />
      </Form.Item>
      {name.error && !told && <Alert type="error" showIcon role="alert" title={problemText(t, name.error)} />}
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={name.isPending} data-testid="team-name">
          {t('team.new')}
        </Button>
      </div>
    </Form>
  )
}

const pause = 300 // milliseconds from the last key to the question

function PersonSelect({ customerId, ...select }: { customerId: number; id?: string; value?: number; onChange?: (id: number) => void }) {
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), pause)
    return () => clearTimeout(timer)
  }, [typed])
  const { data, isFetching } = useQuery(candidatesQuery(customerId, q))
  return (
    <Select
      {...select}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={isFetching}
      data-testid="team-person"
      options={data?.items.map((c) => ({ value: c.id, label: `${c.name} (${c.login}) · ${c.unit}` }))}
    />
  )
}
