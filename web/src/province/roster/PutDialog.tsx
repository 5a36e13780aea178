import { useMutation } from '@tanstack/react-query'
import { Alert, App, Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { useFormats } from '../../language/formats'
import { type Choice } from '../customer/customers'
import { RosterSelect } from './RosterSelect'

interface Wish {
  roster: number
  reason: string
}

interface Props {
  choice: Choice
  /** How many the list shows, in words. */
  total: string
  onClose: () => void
}

/** Puts customers of the list into a roster. */
export default function PutDialog({ choice, total, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { integer } = useFormats()
  const [form] = Form.useForm<Wish>()
  const required = { required: true, message: t('problem.input.required') }
  const put = useMutation({
    mutationFn: ({ roster, reason }: Wish) =>
      answer(
        province.POST('/api/rosters/{id}/customers', {
          params: { path: { id: roster } },
          body: { ...choice, reason },
        }),
      ),
    onSuccess: ({ customers }) => {
      void message.success(t('roster.added', { count: integer(customers) as never }))
      onClose()
    },
    onError: (error) => form.setFields(fieldTexts(t, error).map((e) => ({ name: e.field as 'reason', errors: [e.text] }))),
  })
  return (
    <Modal
      open
      title={t('roster.put')}
      okText={t('roster.put')}
      okButtonProps={{ loading: put.isPending, 'data-testid': 'roster-put' }}
      onOk={() => form.submit()}
      onCancel={onClose}
      data-testid="roster-dialog"
    >
      {put.error && <Alert type="error" showIcon role="alert" title={problemText(t, put.error)} style={{ marginBottom: 16 }} data-testid="roster-problem" />}
      <p>{choice.filter ? t('roster.filtered', { total }) : t('roster.selected', { count: choice.customers.length })}</p>
      <Form<Wish> form={form} name="roster-put" layout="vertical" onFinish={(wish) => put.mutate(wish)}>
        <Form.Item name="roster" label={t('roster.one')} rules={[required]}>
          <RosterInput />
        </Form.Item>
        <Form.Item name="reason" label={t('roster.reason')} rules={[{ ...required, whitespace: true }]}>
          <Input maxLength={500} data-testid="roster-reason" />
        </Form.Item>
      </Form>
    </Modal>
  )
}

/** An open roster in a form; none is nothing. */
function RosterInput({ id, value, onChange }: { id?: string; value?: number; onChange?: (id: number | undefined) => void }) {
  return <RosterSelect id={id} open value={value ?? 0} onChange={(roster) => onChange?.(roster || undefined)} data-testid="roster-choice" />
}
