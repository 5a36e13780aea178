import { DeleteOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Popconfirm, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { DateInput } from '../../edit/DateInput'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { viewersQuery, type Viewer, type Viewers } from './viewers'

interface Props {
  customerId: number
  /** Reads the page anew. */
  reread: () => void
}

/** Who by name may see a sensitive customer, and until when. For those who may mark customers as sensitive. */
export function ViewersBlock({ customerId, reread }: Props) {
  const { t } = useTranslation()
  const query = useQuery(viewersQuery(customerId))
  return (
    <Block name="viewers" title={t('viewers.title')}>
      <p>{t('viewers.note')}</p>
      <Loaded query={query}>
        {({ items, candidates }) => (
          <>
            {items.length === 0 && <p>{t('viewers.none')}</p>}
            <ul style={{ margin: 0, padding: 0, listStyle: 'none' }}>
              {items.map((v) => (
                <li key={v.accountId} style={{ display: 'flex', gap: 8, alignItems: 'center', paddingBlock: 4, overflowWrap: 'anywhere' }}>
                  <span>
                    {t('viewers.line', { name: v.name, login: v.login, until: v.until, by: v.namedBy, reason: v.reason })}
                  </span>
                  <Remove customerId={customerId} viewer={v} reread={reread} />
                </li>
              ))}
            </ul>
            <Add customerId={customerId} candidates={candidates} reread={reread} />
          </>
        )}
      </Loaded>
    </Block>
  )
}

interface Naming {
  accountId: number
  until: string
  reason: string
}

function Add({ customerId, candidates, reread }: Props & { candidates: Viewers['candidates'] }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<Naming>()
  const required = { required: true, message: t('problem.input.required') }
  const add = useMutation({
    mutationFn: (body: Naming) => answer(province.PUT('/api/customers/{id}/viewers', { params: { path: { id: customerId } }, body })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      form.resetFields()
      reread()
    },
    onError: (error) =>
      form.setFields(fieldTexts(t, error).map(({ field, text }) => ({ name: field as keyof Naming, errors: [text] }))),
  })
  const told = add.error && fieldTexts(t, add.error).length > 0
  return (
    <Form form={form} name="viewer" layout="vertical" onFinish={(body) => add.mutate(body)} style={{ marginTop: 8 }}>
      <Form.Item name="accountId" label={t('viewers.person')} rules={[required]}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          data-testid="viewer-person"
          options={candidates.map((c) => ({ value: c.id, label: `${c.name} (${c.login})` }))}
        />
      </Form.Item>
      <Form.Item name="until" label={t('viewers.until')} rules={[required]}>
        <DateInput />
      </Form.Item>
      <Form.Item name="reason" label={t('viewers.reason')} rules={[{ ...required, whitespace: true }]}>
        <Input maxLength={500} data-testid="viewer-reason" />
      </Form.Item>
      {add.error && !told && <Alert type="error" showIcon role="alert" title={problemText(t, add.error)} />}
      <Button htmlType="submit" loading={add.isPending} data-testid="viewer-add">
        {t('viewers.add')}
      </Button>
    </Form>
  )
}

function Remove({ customerId, viewer, reread }: Props & { viewer: Viewer }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const remove = useMutation({
    mutationFn: () =>
      answer(province.DELETE('/api/customers/{id}/viewers', { params: { path: { id: customerId }, query: { account: viewer.accountId } } })),
    onSuccess: () => {
      void message.success(t('record.removed'))
      reread()
    },
  })
  return (
    <>
      <Popconfirm title={t('viewers.removeConfirm', { name: viewer.name })} okText={t('action.remove')} onConfirm={() => remove.mutate()}>
        <Button
          size="small"
          danger
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t('viewers.remove', { name: viewer.name })}
          loading={remove.isPending}
          data-testid="viewer-remove"
        />
      </Popconfirm>
      {remove.error && <Alert type="error" showIcon role="alert" title={problemText(t, remove.error)} />}
    </>
  )
}
