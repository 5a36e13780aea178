import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Modal, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { isProblem, problemText } from '../../api/problem'
import type { Unit } from './tree'

/** Closes a unit, or puts a closed one back into service. Says what keeps it from being closed, and leads there. */
export function ServiceButton({ unit: u }: { unit: Unit }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const params = { params: { path: { id: u.id } } }
  const serve = useMutation({
    mutationFn: () => answer(u.active ? province.POST('/api/organisation/{id}/close', params) : province.POST('/api/organisation/{id}/open', params)),
    onSuccess: () => {
      void message.success(t('record.saved'))
      void client.invalidateQueries({ queryKey: ['organisation'] })
    },
  })
  const what = u.active ? 'close' : 'open'
  const customers = u.kind === 'person' ? `/handovers/new?manager=${u.id}` : `/handovers/new?unit=${u.id}`
  return (
    <>
      <Popconfirm title={t(`organisation.${what}Confirm`, { name: u.name })} okText={t(`organisation.${what}`)} onConfirm={() => serve.mutate()}>
        <Button size="small" loading={serve.isPending} aria-label={`${t(`organisation.${what}`)} ${u.name}`} data-testid={`unit-${what}-${u.code}`}>
          {t(`organisation.${what}`)}
        </Button>
      </Popconfirm>
      <Modal open={serve.error !== null} title={u.name} footer={null} onCancel={serve.reset} data-testid="unit-refused">
        {serve.error && <Alert type="warning" showIcon title={problemText(t, serve.error)} />}
        {isProblem(serve.error, 'organisation.close.customers') && (
          <p>
            <Link to={customers}>{t('organisation.handOver')}</Link>
          </p>
        )}
        {isProblem(serve.error, 'organisation.close.accounts') && (
          <p>
            <Link to="/accounts">{t('menu.accounts')}</Link>
          </p>
        )}
      </Modal>
    </>
  )
}
