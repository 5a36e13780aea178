import { useQuery } from '@tanstack/react-query'
import { Card, Tooltip, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { StartRun } from '../reconciliation/StartRun'
import { boardQuery, lagMood, needsCare, resultMoods, stateMoods, urgencyMoods, type ProvinceState } from './board'
import { Reserves } from './Reserves'

/** How far each province's data is here, and what its last proof said. */
export default function BoardPage() {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const query = useQuery(boardQuery)
  const columns = useColumns()
  return (
    <>
      <PageHead
        title={t('board.title')}
        note={query.data && <span data-testid="board-time">{t('board.at', { time: dateTime(query.data.at) })}</span>}
      />
      <Card size="small">
        <Loaded query={query}>
          {({ items }) => (
            <>
              <Summary items={items} />
              <DataTable<ProvinceState>
                label={t('board.title')}
                rowKey="code"
                columns={columns}
                dataSource={items}
                onRow={(p) => ({ 'data-testid': `board-row-${p.code}`, 'data-state': p.state }) as object}
              />
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}

function Summary({ items }: { items: ProvinceState[] }) {
  const { t } = useTranslation()
  const care = items.filter(needsCare).length
  return (
    <div role="status" style={{ marginBottom: 12 }} data-testid="board-summary">
      <Mark mood={care > 0 ? 'warning' : 'good'}>
        {t('board.summary', { count: items.length, connected: items.filter((p) => p.connected).length, care })}
      </Mark>
    </div>
  )
}

function useColumns(): TableColumnsType<ProvinceState> {
  const { t } = useTranslation()
  const { may } = useSession()
  const { language } = useLanguage()
  const { integer, duration, bytes, dateTime } = useFormats()
  return [
    {
      title: t('board.province'), fixed: 'start',
      render: (_, p) => (
        <Link to={`/reconciliations?province=${p.code}`} data-testid={`board-open-${p.code}`}>
          {language === 'zh' ? p.name : p.nameEn}
        </Link>
      ),
    },
    {
      title: t('board.state'),
      render: (_, p) => (
        <>
          <Mark mood={p.connected ? 'good' : 'bad'} data-testid={`board-connected-${p.code}`}>
            {t(p.connected ? 'board.connected' : 'board.disconnected')}
          </Mark>
          <Mark mood={stateMoods[p.state]} data-testid={`board-state-${p.code}`}>
            {t(`streamState.${p.state}`)}
          </Mark>
          {p.copy && (
            <Typography.Text style={{ display: 'block' }} data-testid={`board-copy-${p.code}`}>
              {t('board.copy', { copied: integer(p.copy.copied), expected: integer(p.copy.expected) })}
            </Typography.Text>
          )}
          {p.error && <Typography.Text type="danger" style={{ display: 'block', maxWidth: 280, whiteSpace: 'normal' }}>{p.error}</Typography.Text>}
        </>
      ),
    },
    {
      title: t('board.advice'),
      render: (_, p) => (
        <div style={{ minWidth: 240, maxWidth: 360, whiteSpace: 'normal' }} data-testid={`board-advice-${p.code}`}>
          {p.advice.length === 0 && <Mark mood="good">{t('board.advice.none')}</Mark>}
          {p.advice.map((a) => (
            <div key={a.code} style={{ display: 'flex', alignItems: 'baseline' }}>
              <Mark mood={urgencyMoods[a.urgency]} data-testid={`board-advice-${p.code}-${a.code}`}>{t(`urgency.${a.urgency}`)}</Mark>
              <span>{t(`advice.${a.code}`)}</span>
            </div>
          ))}
        </div>
      ),
    },
    {
      title: t('board.lag'),
      render: (_, p) => (
        <Tooltip title={t('board.dataTime', { time: dateTime(p.dataTime) })}>
          <Mark mood={lagMood(p.lagSeconds)} data-testid={`board-lag-${p.code}`}>
            {p.lagSeconds < 0 ? t('board.nothingApplied') : duration(p.lagSeconds, t('unit.day'))}
          </Mark>
        </Tooltip>
      ),
    },
    {
      title: t('board.backlog'), align: 'right',
      render: (_, p) => (
        <span className="figure" data-testid={`board-backlog-${p.code}`}>
          {integer(p.backlogMessages)} · {bytes(p.backlogBytes)}
        </span>
      ),
    },
    {
      title: t('board.rate'), align: 'right',
      render: (_, p) => (
        <span className="figure" data-testid={`board-rate-${p.code}`}>
          {integer(Math.round(p.transactionsPerSecond))} · {integer(Math.round(p.changesPerSecond))}
        </span>
      ),
    },
    { title: t('board.reserve'), render: (_, p) => <Reserves province={p} /> },
    {
      title: t('board.parked'), align: 'right',
      render: (_, p) => (
        <span className="figure" data-testid={`board-parked-${p.code}`}>
          {p.parked + p.dirty > 0 ? <Mark mood="bad">{integer(p.parked)} · {integer(p.dirty)}</Mark> : `${integer(p.parked)} · ${integer(p.dirty)}`}
        </span>
      ),
    },
    { title: t('board.epoch'), align: 'right', responsive: ['xxl'], render: (_, p) => <span className="figure">{p.epoch}</span> },
    { title: t('board.lagBytes'), align: 'right', responsive: ['xxl'], render: (_, p) => <span className="figure">{bytes(p.lagBytes)}</span> },
    { title: t('board.rows'), align: 'right', render: (_, p) => <span className="figure">{integer(p.rows)}</span> },
    {
      title: t('board.divergences'), align: 'right',
      render: (_, p) => (
        <span className="figure" data-testid={`board-divergences-${p.code}`}>
          {p.divergences > 0 ? <Mark mood="bad">{integer(p.divergences)}</Mark> : integer(p.divergences)}
        </span>
      ),
    },
    {
      title: t('board.reference'), align: 'right',
      render: (_, p) => (
        <Mark mood={p.referenceVersion === p.referenceHead ? 'good' : 'warning'} data-testid={`board-reference-${p.code}`}>
          {integer(p.referenceVersion)} / {integer(p.referenceHead)}
        </Mark>
      ),
    },
    {
      title: t('board.certificate'),
      render: (_, { code, lastCertificate: c }) =>
        c ? (
          <Link to={`/reconciliations/${c.id}`} data-testid={`board-certificate-${code}`} data-result={c.result}>
            <Mark mood={resultMoods[c.result]}>{t(`runResult.${c.result}`)}</Mark>
            <span className="figure" style={{ display: 'block', fontSize: 12 }}>
              {dateTime(c.at)} · {t('board.certificateDifferences', { count: c.differences })}
            </span>
          </Link>
        ) : (
          <Mark mood="waiting">{t('board.noCertificate')}</Mark>
        ),
    },
    ...(may('reconciliation.run')
      ? [{ title: t('list.actions'), render: (_: unknown, p: ProvinceState) => <StartRun province={p.code} /> }]
      : []),
  ]
}
