import { StopOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'

/** Ends a run that is going on, or declines one that waits for approval. */
export function CancelRun({ id }: { id: number }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => answer(national.POST('/api/reconciliations/{id}/cancel', { params: { path: { id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['runs'] })
      void client.invalidateQueries({ queryKey: ['run', id] })
    },
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <Popconfirm title={t('run.cancelAsk')} okText={t('run.cancel')} cancelText={t('run.cancelNot')} onConfirm={() => cancel.mutate()}>
      <Button danger icon={<StopOutlined aria-hidden />} loading={cancel.isPending} data-testid="run-cancel">
        {t('run.cancel')}
      </Button>
    </Popconfirm>
  )
}
