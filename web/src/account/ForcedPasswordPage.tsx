import { Alert, Button, Card, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSessionChanges } from '../api/session'
import { usePageTitle } from '../frame/usePageTitle'
import { PasswordForm } from './PasswordForm'

/** Stands in place of the portal until a password is changed that somebody else gave or that is too old. */
export default function ForcedPasswordPage() {
  const { t } = useTranslation()
  const { close } = useSessionChanges()
  usePageTitle(t('password.change'))
  return (
    <main style={{ display: 'grid', placeItems: 'center', minHeight: '100vh', padding: 16, boxSizing: 'border-box' }}>
      <Card style={{ width: '100%', maxWidth: 460 }} data-testid="forced-password">
        <Typography.Title level={1} style={{ fontSize: 22 }}>
          {t('password.change')}
        </Typography.Title>
        <Alert type="info" showIcon title={t('password.forced')} style={{ marginBottom: 16 }} />
        <PasswordForm />
        <Button type="link" onClick={() => void close()} style={{ paddingInline: 0, marginTop: 8 }} data-testid="sign-out">
          {t('session.close')}
        </Button>
      </Card>
    </main>
  )
}
