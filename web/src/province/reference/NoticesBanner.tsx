import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { noticesQuery, type Notice } from './referenceData'

const types: Record<Notice['level'], 'info' | 'warning' | 'error'> = { info: 'info', warning: 'warning', urgent: 'error' }

/** Headquarters' notices that are valid now. */
export function NoticesBanner() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { data } = useQuery({ ...noticesQuery, enabled: may('reference.read') })
  if (!data || data.items.length === 0) return null
  return (
    <section aria-label={t('referenceKind.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="notices">
      {data.items.map((n) => (
        <Alert
          key={n.id}
          type={types[n.level]}
          showIcon
          closable
          title={`${t(`referenceValue.level.${n.level}`)} · ${n.title}`}
          description={<span style={{ whiteSpace: 'pre-wrap' }}>{n.body}</span>}
        />
      ))}
    </section>
  )
}
