import { ReloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { CodeMark } from './CodeMark'
import { journalParts, journalQuery, type ExchangeRow } from './exchanges'
import { JournalFilters } from './JournalFilters'

/** The exchanges with partners, newest first. */
export default function JournalPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(journalParts)
  const query = useQuery(journalQuery(state))
  const columns = useColumns()
  return (
    <>
      <PageHead
        title={t('journal.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        <Button icon={<ReloadOutlined aria-hidden />} loading={query.isFetching} onClick={() => void query.refetch()} data-testid="reload">
          {t('action.reload')}
        </Button>
      </PageHead>
      <Card size="small">
        <JournalFilters state={state} change={change} />
        <Loaded query={query}>
          {(page) => (
            <DataTable<ExchangeRow>
              label={t('journal.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              onRow={(e) => ({ 'data-testid': `exchange-row-${e.id}`, 'data-trans-id': e.transId, 'data-code': e.code }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(): TableColumnsType<ExchangeRow> {
  const { t } = useTranslation()
  const { dateTime, integer } = useFormats()
  return [
    {
      title: t('exchange.at'),
      render: (_, e) => (
        <Link to={`/exchanges/${e.id}`} className="figure">
          {dateTime(e.at)}
        </Link>
      ),
    },
    { title: t('exchange.code'), render: (_, e) => <CodeMark exchange={e} /> },
    { title: t('exchange.direction'), render: (_, e) => t(`direction.${e.direction}`) },
    { title: t('exchange.partner'), render: (_, e) => [e.origin, e.keyId].filter(Boolean).join(' · ') || t('value.none') },
    {
      title: t('exchange.operation'),
      render: (_, e) => (
        <>
          {e.bip || t('value.none')}
          <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
            {e.activity}
          </Typography.Text>
        </>
      ),
    },
    { title: t('exchange.businessKey'), render: (_, e) => e.businessKey || t('value.none') },
    { title: t('exchange.transId'), render: (_, e) => e.transId || t('value.none') },
    { title: t('exchange.duration'), align: 'right', render: (_, e) => <span className="figure">{integer(Math.round(e.durationUs / 1000))}</span> },
  ]
}
