import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'

/** Starts a reconciliation of every province; they take turns. */
export function StartAll() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const start = useMutation({
    mutationFn: () => answer(national.POST('/api/reconciliations/all')),
    onSuccess: ({ ids }) => {
      void client.invalidateQueries({ queryKey: ['runs'] })
      void message.success(t('run.startedAll', { count: ids.length }))
    },
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <Button icon={<SafetyCertificateOutlined aria-hidden />} loading={start.isPending} onClick={() => start.mutate()} data-testid="run-start-all">
      {t('run.startAll')}
    </Button>
  )
}
