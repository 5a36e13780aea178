import { useQuery } from '@tanstack/react-query'
import { Alert, Empty, Progress, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { CancelRun } from './CancelRun'
import { Causes } from './Causes'
import { CertificateBlock } from './CertificateBlock'
import { reasonOf, RunState } from './RunState'
import { partOf, runQuery, type Difference, type Run, type RunDetail } from './runs'
import { StartRun } from './StartRun'

/** One reconciliation: how it goes, what it found, and its certificate. */
export default function RunPage() {
  const { id = '' } = useParams()
  if (!/^[1-9]\d*$/.test(id)) return <UnknownPage />
  return <RunOf id={Number(id)} />
}

function RunOf({ id }: { id: number }) {
  const query = useQuery(runQuery(id))
  return <Loaded query={query}>{(detail) => <Blocks detail={detail} />}</Loaded>
}

function Blocks({ detail }: { detail: RunDetail }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { language } = useLanguage()
  const { run } = detail
  // Before that nobody knows whether there are differences.
  const compared = run.state === 'done' || run.state === 'needs_approval'
  return (
    <div data-testid="run" data-state={run.state} data-result={run.result}>
      <PageHead title={t('run.title', { id: run.id, province: provinceName(run.province, language, run.provinceName) })} note={<RunState run={run} />}>
        <Link to={`/reconciliations?province=${run.province}`}>{t('run.others')}</Link>
        {(run.state === 'running' || run.state === 'needs_approval') && may('reconciliation.run') && <CancelRun id={run.id} />}
        {run.state === 'needs_approval' && may('reconciliation.run') && <StartRun province={run.province} approve />}
      </PageHead>
      {run.reasonCode && (
        <Alert type={run.state === 'failed' ? 'error' : 'warning'} showIcon title={reasonOf(run)} description={run.reason} style={{ marginBottom: 16 }} />
      )}
      <div className="stack">
        {run.state === 'running' && <ProgressBlock run={run} />}
        <FactsBlock run={run} />
        {(compared || detail.differences.length > 0) && <DifferencesBlock differences={detail.differences} total={run.differences} />}
        {run.state === 'done' && <CertificateBlock certificate={detail.certificate} id={run.id} />}
      </div>
    </div>
  )
}

function ProgressBlock({ run: { progress } }: { run: Run }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const ofTables = progress.tables ? progress.tablesDone / progress.tables : 0
  const share = progress.rowsInAll ? Math.min(progress.rows / progress.rowsInAll, 1) : ofTables
  return (
    <Block name="progress" title={t('run.progress')}>
      <div role="status">
        {textIfKnown(`runPhase.${progress.phase}`, progress.phase)} {progress.table} {progress.note}
      </div>
      <Progress percent={Math.round(100 * share)} aria-label={t('run.progress')} />
      <div>{t('run.compared', { rows: integer(progress.rows), ranges: integer(progress.ranges), differences: integer(progress.differences) })}</div>
      {progress.rate > 0 && <div>{t('run.rate', { rate: integer(progress.rate), seconds: integer(progress.secondsLeft) })}</div>}
    </Block>
  )
}

function FactsBlock({ run }: { run: Run }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const none = t('value.none')
  const facts = {
    [t('run.rows')]: <span data-testid="run-rows">{integer(run.rows)}</span>,
    [t('run.differences')]: <span data-testid="run-differences">{integer(run.differences)}</span>,
    [t('run.part')]: partOf(run, t('run.everything')),
    [t('run.causes')]: <Causes causes={run.causes} />,
    [t('run.repaired')]: <span data-testid="run-repaired">{integer(run.repaired)}</span>,
    [t('run.point')]: run.point || none,
    [t('run.epoch')]: run.epoch,
    [t('run.trigger')]: t(`runTrigger.${run.trigger}`),
    [t('run.started')]: dateTime(run.started),
    [t('run.ended')]: dateTime(run.ended),
    [t('run.requestedBy')]: run.requestedBy || none,
    [t('run.approvedBy')]: run.approvedBy || none,
  }
  return (
    <Block name="run" title={t('run.facts')}>
      <Facts facts={facts} />
    </Block>
  )
}

function DifferencesBlock({ differences, total }: { differences: Difference[]; total: number }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const title = t('run.foundDifferences')
  const columns: TableColumnsType<Difference> = [
    { title: t('difference.table'), dataIndex: 'table' },
    { title: t('difference.key'), dataIndex: 'key', align: 'right' },
    { title: t('difference.kind'), render: (_, d) => <Mark mood="warning">{t(`differenceKind.${d.kind}`)}</Mark> },
    { title: t('difference.columns'), render: (_, d) => d.columns.join(', ') || t('value.none') },
    { title: t('difference.cause'), render: (_, d) => t(`differenceCause.${d.cause}`) },
    {
      title: t('difference.found'),
      render: (_, d) => (d.recheck ? <Mark mood="bad">{t('difference.recheck')}</Mark> : t('difference.first')),
    },
  ]
  return (
    <Block name="differences" title={title}>
      {differences.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('run.noDifferences')} />
      ) : (
        <>
          {total > differences.length && <p>{t('run.firstDifferences', { shown: integer(differences.length), total: integer(total) })}</p>}
          <DataTable<Difference>
            label={title}
            rowKey={(d) => `${d.table}/${d.key}/${d.recheck}`}
            columns={columns}
            dataSource={differences}
            pagination={differences.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
            onRow={(d) => ({ 'data-testid': `difference-${d.table}-${d.key}` }) as object}
          />
        </>
      )}
    </Block>
  )
}
