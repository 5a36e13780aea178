import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { useFormats } from '../../language/formats'
import type { TeamNotice } from './teams'

/** Customers' teams that others have named the person for, or released them from, until it is acknowledged. */
export default function TeamNotices({ notices }: { notices: TeamNotice[] }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('team.notices')} style={{ display: 'grid', gap: 8, marginBottom: 16 }} data-testid="team-notices">
      {notices.map((n) => (
        <Notice key={n.id} notice={n} />
      ))}
    </section>
  )
}

function Notice({ notice: n }: { notice: TeamNotice }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: () => answer(province.POST('/api/team-members/{id}/acknowledge', { params: { path: { id: n.id } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['team-notices'] }),
  })
  const customer = n.customer || t('team.noticeSensitive')
  return (
    <Alert
      type="info"
      showIcon
      title={
        <>
          {!n.released
            ? t('team.noticeNamed', { customer, duty: t(`teamDuty.${n.duty}`), from: n.from, until: n.until })
            : n.customers === 1
              ? t('team.noticeReleased', { customer })
              : t('team.noticeReleasedMany', { count: integer(n.customers) as never })}{' '}
          {!n.released && n.customerId !== null ? (
            <Link to={`/customers/${n.customerId}`} style={{ textDecoration: 'underline' }}>{t('team.noticeCustomer')}</Link>
          ) : (
            <Link to="/customers?team=true" style={{ textDecoration: 'underline' }}>{t('team.noticeCustomers')}</Link>
          )}
        </>
      }
      description={[n.reason, dateTime(n.at), n.by].filter(Boolean).join(' · ')}
      action={
        <Button size="small" loading={acknowledge.isPending} onClick={() => acknowledge.mutate()} data-testid={`team-acknowledge-${n.id}`}>
          {t('handover.acknowledge')}
        </Button>
      }
    />
  )
}
