import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { useFormats } from '../../language/formats'
import type { ExportRequest } from './requests'

/** One's own exports that somebody has decided, until that is acknowledged. */
export default function ExportNotices({ requests }: { requests: ExportRequest[] }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('approval.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="export-notices">
      {requests.map((r) => (
        <Notice key={r.id} request={r} />
      ))}
    </section>
  )
}

function Notice({ request: r }: { request: ExportRequest }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: () => answer(province.POST('/api/exports/requests/{id}/acknowledge', { params: { path: { id: r.id } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['export-requests', 'notices'] }),
  })
  const about = { customers: integer(r.customers), by: r.decidedBy, at: dateTime(r.decidedAt) }
  return (
    <Alert
      type={r.state === 'declined' ? 'warning' : 'info'}
      showIcon
      title={
        <>
          {t(r.state === 'declined' ? 'approval.noticeDeclined' : 'approval.noticeApproved', about)}{' '}
          <Link to="/approvals" style={{ textDecoration: 'underline' }}>{t('approval.title')}</Link>
        </>
      }
      description={r.answer || r.reason}
      action={
        <Button size="small" loading={acknowledge.isPending} onClick={() => acknowledge.mutate()} data-testid={`export-acknowledge-${r.id}`}>
          {t('handover.acknowledge')}
        </Button>
      }
    />
  )
}
