import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Notice } from './referenceData'

const types: Record<Notice['level'], 'info' | 'warning' | 'error'> = { info: 'info', warning: 'warning', urgent: 'error' }

/** Headquarters' notices that are valid now. */
export default function NoticesBanner({ notices }: { notices: Notice[] }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('referenceKind.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="notices">
      {notices.map((n) => (
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
