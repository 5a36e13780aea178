import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { useFormats } from '../../language/formats'
import type { Handover } from './handovers'
import { Names } from './Names'

/** What others handed over to or from the person, until it is acknowledged. */
export default function HandoverNotices({ handovers }: { handovers: Handover[] }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('handover.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="handover-notices">
      {handovers.map((h) => (
        <Notice key={h.id} handover={h} />
      ))}
    </section>
  )
}

function Notice({ handover: h }: { handover: Handover }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const { integer, dateTime } = useFormats()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: () => answer(province.POST('/api/handovers/{id}/acknowledge', { params: { path: { id: h.id } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['handover-notices'] }),
  })
  return (
    <Alert
      type="info"
      showIcon
      title={h.parties
        .filter((p) => p.unitId === session.unitId)
        .map((p) => (
          <div key={p.side}>
            {t(p.side === 'to' ? 'handover.receiver' : 'handover.giver', { count: integer(p.customers) as never })}{' '}
            <Names of={h} side={p.side === 'to' ? 'from' : 'to'} />
          </div>
        ))}
      description={`${h.reason} · ${dateTime(h.at)} · ${h.actor}`}
      action={
        <Button size="small" loading={acknowledge.isPending} onClick={() => acknowledge.mutate()} data-testid={`handover-acknowledge-${h.id}`}>
          {t('handover.acknowledge')}
        </Button>
      }
    />
  )
}
