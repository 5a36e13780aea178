import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../api/client'
import { fieldTexts, problemText } from '../api/problem'
import { useSession } from '../api/session'
import { useLanguage } from '../language/LanguageProvider'
import type { AccountRole } from './accounts'
import { UnitSelect } from './UnitSelect'

interface Props {
  roles: AccountRole[]
  onSaved: (password: string) => void
  onCancel: () => void
}

interface Stated {
  login: string
  name: string
  role: AccountRole
  unitId?: number
}

/** A new account; its first password is the node's to make. */
export function NewAccountForm({ roles, onSaved, onCancel }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { session } = useSession()
  const [form] = Form.useForm<Stated>()
  const create = useMutation({
    mutationFn: (stated: Stated) =>
      answer(province.POST('/api/accounts', { body: { ...stated, unitId: stated.unitId ?? 0, language } })),
    onSuccess: ({ password }) => onSaved(password),
    onError: (error) =>
      form.setFields(fieldTexts(t, error).map((e) => ({ name: e.field, errors: [e.text] })) as Parameters<typeof form.setFields>[0]),
  })
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  return (
    <>
      {create.error && <Alert type="error" showIcon role="alert" title={problemText(t, create.error)} style={{ marginBottom: 16 }} data-testid="save-problem" />}
      <Form<Stated> form={form} name="account" layout="vertical" onFinish={(stated) => create.mutate(stated)} data-testid="form-account">
        <Form.Item name="login" label={t('account.login')} rules={[required]} extra={t('account.loginRule')}>
          <Input maxLength={64} autoComplete="off" data-testid="field-login" />
        </Form.Item>
        <Form.Item name="name" label={t('account.name')} rules={[required]}>
          <Input maxLength={60} data-testid="field-name" />
        </Form.Item>
        <Form.Item name="role" label={t('account.role')} rules={[{ required: true, message: t('problem.input.required') }]}>
          <Select options={roles.map((value) => ({ value, label: t(`role.${value}`) }))} data-testid="field-role" />
        </Form.Item>
        {session.node.level === 'province' && (
          <Form.Item name="unitId" label={t('account.unit')} extra={t('account.unitRule')}>
            <UnitSelect data-testid="field-unitId" />
          </Form.Item>
        )}
        <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
          <Button onClick={onCancel} data-testid="cancel">
            {t('action.cancel')}
          </Button>
          <Button type="primary" htmlType="submit" loading={create.isPending} data-testid="save">
            {t('action.save')}
          </Button>
        </div>
      </Form>
    </>
  )
}
