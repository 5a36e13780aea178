import { LockOutlined, UserOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { problemText } from '../api/problem'
import { useSessionChanges, waysQuery } from '../api/session'
import type { Language } from '../language/language'
import { useLanguage } from '../language/LanguageProvider'
import { LanguageSwitch } from './LanguageSwitch'
import { usePageTitle } from './usePageTitle'

/** Why the provider's answer opened no session, as the node says in the address. */
const reasons = ['account', 'unreachable', 'refused', 'expired'] as const

interface Credentials {
  login: string
  password: string
}

export default function SignInPage() {
  const { t } = useTranslation()
  const { choose } = useLanguage()
  const { open, setLanguage } = useSessionChanges()
  const [chosen, setChosen] = useState<Language>()
  const provider = useQuery(waysQuery).data?.provider
  const reason = reasons.find((r) => r === new URLSearchParams(window.location.search).get('signOn'))
  usePageTitle(t('signIn.title'))

  const signIn = useMutation({
    mutationFn: async ({ login, password }: Credentials) => {
      const session = await open(login.trim(), password)
      // Who has chosen a language here means it for the whole visit.
      if (chosen && chosen !== session.language) await setLanguage(chosen)
    },
  })
  const switchTo = (language: Language) => {
    setChosen(language)
    choose(language)
  }

  return (
    <main style={{ display: 'grid', placeItems: 'center', minHeight: '100vh', padding: 16, boxSizing: 'border-box' }}>
      <Card style={{ width: '100%', maxWidth: 400 }}>
        <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'start', gap: 16 }}>
          <Typography.Title level={1} style={{ fontSize: 26 }}>
            {t('product.name')}
          </Typography.Title>
          <LanguageSwitch onChoose={switchTo} />
        </div>
        <Typography.Paragraph type="secondary">{t('product.claim')}</Typography.Paragraph>
        {reason && !signIn.error && (
          <Alert type="error" showIcon role="alert" data-testid="sign-on-problem" title={t(`signOn.${reason}`)} style={{ marginBottom: 16 }} />
        )}
        {provider && (
          <>
            <Button type="primary" block href="/api/session/oidc" data-testid="sign-in-provider">
              {t('signIn.provider', { name: provider })}
            </Button>
            <Typography.Paragraph type="secondary" style={{ marginBlock: 16, textAlign: 'center' }}>
              {t('signIn.orPassword')}
            </Typography.Paragraph>
          </>
        )}
        {signIn.error && (
          <Alert
            type="error"
            showIcon
            role="alert"
            data-testid="sign-in-problem"
            title={problemText(t, signIn.error)}
            style={{ marginBottom: 16 }}
          />
        )}
        <Form<Credentials>
          name="sign-in"
          layout="vertical"
          requiredMark={false}
          onFinish={(credentials) => signIn.mutate(credentials)}
          data-testid="sign-in-form"
        >
          <Form.Item name="login" label={t('signIn.login')} rules={[{ required: true, whitespace: true, message: t('signIn.loginMissing') }]}>
            <Input prefix={<UserOutlined aria-hidden />} autoComplete="username" autoFocus maxLength={64} data-testid="sign-in-login" />
          </Form.Item>
          <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.passwordMissing') }]}>
            <Input.Password
              prefix={<LockOutlined aria-hidden />}
              autoComplete="current-password"
              maxLength={512}
              data-testid="sign-in-password"
            />
          </Form.Item>
          <Button type={provider ? 'default' : 'primary'} htmlType="submit" block loading={signIn.isPending} data-testid="sign-in-submit">
            {t('signIn.submit')}
          </Button>
        </Form>
      </Card>
    </main>
  )
}
