import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { useFormats } from '../../language/formats'
import type { Deputy } from './deputies'

/** Deputyships of the person that others have named or ended early, until they are acknowledged. */
export default function DeputyNotices({ deputies }: { deputies: Deputy[] }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('deputies.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="deputy-notices">
      {deputies.map((d) => (
        <Notice key={d.id} deputy={d} />
      ))}
    </section>
  )
}

function Notice({ deputy: d }: { deputy: Deputy }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: () => answer(province.POST('/api/deputies/{id}/acknowledge', { params: { path: { id: d.id } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['deputies', 'notices'] }),
  })
  const { dateTime } = useFormats()
  const days = { from: d.from, until: d.until }
  const ended = d.endedAt && t('deputy.ended', { by: d.endedBy, at: dateTime(d.endedAt) })
  return (
    <Alert
      type="info"
      showIcon
      title={
        d.absentId === session.unitId ? (
          t('deputy.noticeAbsent', { deputy: `${d.name} (${d.login})`, ...days })
        ) : (
          <>
            {t('deputy.noticeDeputy', { absent: d.absent, ...days })}{' '}
            {!ended && <Link to={`/customers?manager=${d.absentId}`}>{t('deputy.customers')}</Link>}
          </>
        )
      }
      description={ended || `${d.reason} · ${d.namedBy}`}
      action={
        <Button size="small" loading={acknowledge.isPending} onClick={() => acknowledge.mutate()} data-testid={`deputy-acknowledge-${d.id}`}>
          {t('handover.acknowledge')}
        </Button>
      }
    />
  )
}
