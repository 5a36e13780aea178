import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { fieldTexts, problemText } from '../api/problem'
import { useSessionChanges } from '../api/session'

interface Stated {
  old: string
  password: string
  again: string
}

/** Changes one's own password; sessions elsewhere end. */
export function PasswordForm({ onChanged }: { onChanged?: () => void }) {
  const { t } = useTranslation()
  const { changePassword } = useSessionChanges()
  const [form] = Form.useForm<Stated>()
  const change = useMutation({
    mutationFn: ({ old, password }: Stated) => changePassword(old, password),
    onSuccess() {
      form.resetFields()
      onChanged?.()
    },
    onError: (error) =>
      form.setFields(fieldTexts(t, error).map((e) => ({ name: e.field, errors: [e.text] })) as Parameters<typeof form.setFields>[0]),
  })
  const required = { required: true, message: t('problem.input.required') }
  return (
    <>
      {change.error && <Alert type="error" showIcon role="alert" title={problemText(t, change.error)} style={{ marginBottom: 16 }} data-testid="password-problem" />}
      <Form<Stated> form={form} name="password" layout="vertical" onFinish={(stated) => change.mutate(stated)} data-testid="form-password" style={{ maxWidth: 420 }}>
        <Form.Item name="old" label={t('password.old')} rules={[required]}>
          <Input.Password autoComplete="current-password" maxLength={512} data-testid="field-old" />
        </Form.Item>
        <Form.Item name="password" label={t('password.new')} rules={[required]} extra={t('password.rule')}>
          <Input.Password autoComplete="new-password" maxLength={128} data-testid="field-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('password.again')}
          dependencies={['password']}
          rules={[
            required,
            ({ getFieldValue }) => ({
              validator: (_, value) => (value === getFieldValue('password') ? Promise.resolve() : Promise.reject(new Error(t('password.differs')))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" maxLength={128} data-testid="field-again" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={change.isPending} data-testid="password-submit">
          {t('password.change')}
        </Button>
      </Form>
    </>
  )
}
