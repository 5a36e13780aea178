import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useFormats } from '../../language/formats'

/** Counts the customers that are not as the version in force says. */
export function ProofButton() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const { message } = App.useApp()
  const prove = useMutation({
    mutationFn: () => answer(province.GET('/api/selection-proof')),
    onSuccess: ({ version, customers, wrong }) =>
      void message[wrong === 0 ? 'success' : 'error'](t('policies.proof', { version, customers: integer(customers), wrong: integer(wrong) })),
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <Button icon={<SafetyCertificateOutlined aria-hidden />} loading={prove.isPending} onClick={() => prove.mutate()} data-testid="policy-prove">
      {t('policies.prove')}
    </Button>
  )
}
