import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import type { Customer } from './customers'
import { namesQuery } from './names'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** The former names of a customer, by which the duplicate check finds it, too. */
export function NamesBlock({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const mayChange = may('customer.change') && customer.mergedInto === null
  const query = useQuery(namesQuery(customer.id))
  return (
    <Block name="names" title={t('names.title')}>
      <Loaded query={query}>
        {({ items }) => {
          const former = items.filter((n) => n.former)
          return (
            <>
              {former.length === 0 && <p>{t('names.none')}</p>}
              <ul style={{ margin: 0, padding: 0, listStyle: 'none' }}>
                {former.map((n) => (
                  <li key={n.text} style={{ display: 'flex', gap: 8, alignItems: 'center', paddingBlock: 4, overflowWrap: 'anywhere' }}>
                    {n.text}
                    {mayChange && !n.stated && <Remove customerId={customer.id} name={n.text} reread={reread} />}
                  </li>
                ))}
              </ul>
            </>
          )
        }}
      </Loaded>
      {mayChange && <Add customerId={customer.id} reread={reread} />}
    </Block>
  )
}

function Add({ customerId, reread }: { customerId: number; reread: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<{ name: string }>()
  const add = useMutation({
    mutationFn: (body: { name: string }) => answer(province.POST('/api/customers/{id}/names', { params: { path: { id: customerId } }, body })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      form.resetFields()
      reread()
    },
    onError: (error) => form.setFields([{ name: 'name', errors: [fieldTexts(t, error)[0]?.text ?? problemText(t, error)] }]),
  })
  return (
    <Form form={form} name="name" layout="inline" onFinish={(body) => add.mutate(body)} style={{ marginTop: 8, rowGap: 8 }}>
      <Form.Item name="name" label={t('customer.formerName')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
        <Input maxLength={120} data-testid="former-name" />
      </Form.Item>
      <Button htmlType="submit" icon={<PlusOutlined aria-hidden />} loading={add.isPending} data-testid="former-name-add">
        {t('names.add')}
      </Button>
    </Form>
  )
}

function Remove({ customerId, name, reread }: { customerId: number; name: string; reread: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const remove = useMutation({
    mutationFn: () => answer(province.DELETE('/api/customers/{id}/names', { params: { path: { id: customerId }, query: { name } } })),
    onSuccess: () => {
      void message.success(t('record.removed'))
      reread()
    },
  })
  return (
    <>
      <Popconfirm title={t('names.removeConfirm', { name })} okText={t('action.remove')} onConfirm={() => remove.mutate()}>
        <Button
          size="small"
          danger
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t('names.remove', { name })}
          loading={remove.isPending}
          data-testid="former-name-remove"
        />
      </Popconfirm>
      {remove.error && <Alert type="error" showIcon role="alert" title={problemText(t, remove.error)} />}
    </>
  )
}
