import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'

interface Props {
  province: number
  /** Lets the run go on that waits for a person's approval. */
  approve?: boolean
}

/** Starts a reconciliation of a province and goes where it can be watched. */
export function StartRun({ province, approve = false }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const client = useQueryClient()
  const start = useMutation({
    mutationFn: () => answer(national.POST('/api/reconciliations', { body: { province, approve } })),
    onSuccess: ({ id }) => {
      void client.invalidateQueries({ queryKey: ['runs'] })
      void client.invalidateQueries({ queryKey: ['run', id] })
      void navigate(`/reconciliations/${id}`)
    },
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <Button
      type={approve ? 'primary' : 'default'}
      icon={<SafetyCertificateOutlined aria-hidden />}
      loading={start.isPending}
      disabled={province === 0}
      onClick={() => start.mutate()}
      data-testid={approve ? 'run-approve' : `run-start-${province}`}
    >
      {t(approve ? 'run.approve' : 'run.start')}
    </Button>
  )
}
