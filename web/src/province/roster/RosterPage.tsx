import { PartitionOutlined, TeamOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Space, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { integer, useUrlState } from '../../urlstate/urlState'
import { Grounds } from '../rule/Grounds'
import { Proposals } from '../rule/Proposals'
import { rosterProposals } from '../rule/rules'
import { listedQuery, type Listed, type Roster } from './rosters'

const parts = { beyond: integer(0) }

/** A roster: what its rules propose, and its customers with the reason of each. */
export default function RosterPage() {
  const { id = '' } = useParams()
  return /^[1-9]\d*$/.test(id) ? <RosterOf key={id} id={Number(id)} /> : <UnknownPage />
}

function RosterOf({ id }: { id: number }) {
  const { t } = useTranslation()
  const [{ beyond }, change] = useUrlState(parts)
  const query = useQuery(listedQuery(id, beyond))
  return (
    <Loaded query={query}>
      {({ roster, items, next }) => (
        <>
          <Head roster={roster} />
          <div className="blocks">
            {roster.rule > 0 && !roster.closed && <ProposalsOf id={id} />}
            <Block whole name="roster-customers" title={t('roster.customers')}>
              <ListedTable items={items} />
              <Space style={{ marginTop: 12 }}>
                {beyond > 0 && <Button onClick={() => change({ beyond: 0 })}>{t('proposal.first')}</Button>}
                {next > 0 && (
                  <Button onClick={() => change({ beyond: next })} data-testid="roster-next">
                    {t('proposal.next')}
                  </Button>
                )}
              </Space>
            </Block>
          </div>
        </>
      )}
    </Loaded>
  )
}

function Head({ roster }: { roster: Roster }) {
  const { t } = useTranslation()
  const { may } = useSession()
  return (
    <PageHead title={roster.name} note={roster.closed ? t('roster.closed') : roster.purpose}>
      {may('rule.manage') && (
        <Link to={`/rules?kind=roster&roster=${roster.id}`} data-testid="roster-rules">
          <PartitionOutlined aria-hidden /> {roster.rule > 0 ? t('roster.rulesInForce', { version: roster.rule }) : t('roster.rules')}
        </Link>
      )}
      <Link to={`/customers?roster=${roster.id}`} data-testid="roster-list">
        <TeamOutlined aria-hidden /> {t('roster.list')}
      </Link>
    </PageHead>
  )
}

function ProposalsOf({ id }: { id: number }) {
  const { t } = useTranslation()
  const { may } = useSession()
  return (
    <Block whole name="roster-proposals" title={t('roster.proposals')}>
      <Proposals source={rosterProposals(id)} label={t('roster.proposals')} decides={may('roster.manage')} />
    </Block>
  )
}

function ListedTable({ items }: { items: Listed[] }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const columns: TableColumnsType<Listed> = [
    {
      title: t('proposal.customer'),
      render: (_, c) => (
        <>
          <Link to={`/customers/${c.customerId}`}>{c.name}</Link> <span className="figure">{c.number}</span>
        </>
      ),
    },
    { title: t('customer.manager'), render: (_, c) => c.manager || t('value.none') },
    { title: t('roster.reason'), render: (_, c) => <div style={{ minWidth: 120, overflowWrap: 'anywhere' }}>{c.reason}</div> },
    { title: t('proposal.grounds'), render: (_, c) => (c.why ? <Grounds why={c.why} /> : t('roster.byHand')) },
    { title: t('roster.addedBy'), render: (_, c) => `${c.addedBy} · ${dateTime(c.at)}` },
  ]
  return (
    <DataTable<Listed>
      label={t('roster.customers')}
      rowKey="customerId"
      columns={columns}
      dataSource={items}
      onRow={(c) => ({ 'data-testid': `roster-customer-${c.number}` }) as object}
    />
  )
}
