import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Popconfirm, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { Grounds } from '../rule/Grounds'
import { entriesQuery, type Entry } from './rosters'

interface Props {
  customerId: number
  /** Reads the page anew. */
  reread: () => void
}

/** The rosters in which a customer is, and why. */
export default function RostersBlock({ customerId, reread }: Props) {
  const { t } = useTranslation()
  const query = useQuery(entriesQuery(customerId))
  return (
    <Block name="rosters" title={t('roster.title')}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{t('roster.none')}</p>
          ) : (
            <ul style={{ margin: 0, paddingInlineStart: 20 }}>
              {items.map((entry) => (
                <EntryRow key={entry.rosterId} customerId={customerId} entry={entry} reread={reread} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Block>
  )
}

function EntryRow({ customerId, entry, reread }: { customerId: number; entry: Entry; reread: () => void }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { message } = App.useApp()
  const { dateTime } = useFormats()
  const take = useMutation({
    mutationFn: () => answer(province.POST('/api/rosters/{id}/customers/take', { params: { path: { id: entry.rosterId } }, body: { customers: [customerId] } })),
    onSuccess: reread,
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <li style={{ overflowWrap: 'anywhere' }} data-testid={`roster-entry-${entry.rosterId}`}>
      <Link to={`/rosters/${entry.rosterId}`} style={{ textDecoration: 'underline' }}>{entry.name}</Link>
      {t('timeline.colon')}
      {entry.reason}{' '}
      <Typography.Text type="secondary">
        {dateTime(entry.at)} · {entry.addedBy}
      </Typography.Text>{' '}
      {entry.why && <Grounds why={entry.why} />}
      {may('roster.manage') && (
        <Popconfirm title={t('roster.takeConfirm', { name: entry.name })} okText={t('roster.take')} onConfirm={() => take.mutate()}>
          <Button size="small" loading={take.isPending} data-testid={`roster-take-${entry.rosterId}`}>
            {t('roster.take')}
          </Button>
        </Popconfirm>
      )}
    </li>
  )
}
