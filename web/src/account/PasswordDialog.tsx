import { Button, Modal, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

/** Tells a first password, once. */
export function PasswordDialog({ password, onClose }: { password: string | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal
      open={password !== undefined}
      title={t('account.firstPassword')}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose} data-testid="first-password-close">
          {t('account.firstPasswordTold')}
        </Button>
      }
    >
      <Typography.Paragraph>{t('account.firstPasswordNote')}</Typography.Paragraph>
      <Typography.Text code copyable style={{ fontSize: 18 }} data-testid="first-password">
        {password}
      </Typography.Text>
    </Modal>
  )
}
