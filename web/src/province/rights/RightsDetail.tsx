import { queryOptions, useQuery } from '@tanstack/react-query'
import { Collapse } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'

type Rights = components['schemas']['RightsRightsView']
type Unit = Rights['units'][number]

/** What the rights of an account come to; 0 is one's own. */
function rightsQuery(account: number) {
  return queryOptions({
    queryKey: ['account', account, 'effective'],
    queryFn: ({ signal }) => answer(province.GET('/api/rights', { params: { query: { account } }, signal })),
  })
}

/** How far an account reaches and why, what it reads masked, and what it exports alone. */
export default function RightsDetail({ account }: { account: number }) {
  const query = useQuery(rightsQuery(account))
  return <Loaded query={query}>{(rights) => <Detail rights={rights} />}</Loaded>
}

function Detail({ rights }: { rights: Rights }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const masked = (fields: Rights['maskedOwn']) => fields.map((field) => t(`contact.${field}`)).join('、') || t('value.none')
  return (
    <div data-testid="rights-detail">
      <Facts
        facts={{
          [t('rights.maskedOwn')]: masked(rights.maskedOwn),
          [t('rights.maskedOthers')]: masked(rights.maskedOthers),
          [t('rights.exports')]: rights.exportsAlone === null ? t('rights.exportsNone') : t('rights.exportsAlone', { customers: integer(rights.exportsAlone) }),
          [t('rights.people')]: integer(rights.people),
        }}
      />
      {rights.units.length > 0 && (
        <Collapse ghost items={[{ key: 'units', label: t('rights.units', { count: rights.units.length }), children: <Units units={rights.units} /> }]} />
      )}
      <Lines title={t('rights.deputyships')} lines={rights.deputyships.map((d) => t('rights.deputyship', d))} />
      <Customers
        title={t('rights.teams')}
        customers={rights.teams.map((c) => ({ ...c, words: t('rights.team', { duty: t(`teamDuty.${c.duty}`), until: c.until }) }))}
      />
      <Customers
        title={t('rights.named')}
        customers={rights.named.map((c) => ({ ...c, words: t('rights.namedUntil', { until: c.until, reason: c.reason }) }))}
      />
    </div>
  )
}

/** The units within reach, each below the one above it. */
function Units({ units }: { units: Unit[] }) {
  const top = Math.min(...units.map((u) => u.level))
  return (
    <ul style={{ margin: 0, padding: 0, listStyle: 'none', columns: '200px' }}>
      {units.map((u) => (
        <li key={u.id} style={{ paddingInlineStart: (u.level - top) * 20 }}>
          {u.name}
        </li>
      ))}
    </ul>
  )
}

const heading = { fontSize: 14 }

function Lines({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) return null
  return (
    <>
      <h3 style={heading}>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line} style={{ overflowWrap: 'anywhere' }}>
            {line}
          </li>
        ))}
      </ul>
    </>
  )
}

function Customers({ title, customers }: { title: string; customers: { customerId: number; name: string; words: string }[] }) {
  if (customers.length === 0) return null
  return (
    <>
      <h3 style={heading}>{title}</h3>
      <ul>
        {customers.map((c) => (
          <li key={c.customerId} style={{ overflowWrap: 'anywhere' }}>
            <Link to={`/customers/${c.customerId}`} style={{ textDecoration: 'underline' }}>{c.name}</Link> {c.words}
          </li>
        ))}
      </ul>
    </>
  )
}
