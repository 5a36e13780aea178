import { BarChartOutlined, DeleteOutlined, DownloadOutlined, EditOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router-dom'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { useDimensionNames } from '../report/dimensionNames'
import { dimensions, reportPath } from '../report/report'
import { SavedReportForm } from './SavedReportForm'
import { runMoods, runsQuery, savedReportsQuery, stateOf, workbookPath, type SavedReport, type SavedRun } from './savedReports'
import { useScheduleText } from './useScheduleText'

/** A saved report: what it asks, when it is made, and the workbooks that were made. */
export default function SavedReportPage() {
  const { t } = useTranslation()
  const query = useQuery(runsQuery(Number(useParams().id)))
  return (
    <Loaded query={query}>
      {({ report, items }) => (
        <>
          <PageHead title={report.name} note={t('savedReport.by', { owner: report.ownerName, audience: t(`savedReport.${report.audience}`) })}>
            <Actions report={report} open={items[0]?.state === 'queued'} />
          </PageHead>
          <div className="blocks">
            <Block name="saved-report" title={t('savedReport.asked')} whole>
              <Asked report={report} />
            </Block>
            <Block name="saved-runs" title={t('savedReport.runs')} whole>
              <Runs items={items} />
            </Block>
          </div>
        </>
      )}
    </Loaded>
  )
}

function Actions({ report, open }: { report: SavedReport; open: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const path = { params: { path: { id: report.id } } }
  const failed = (error: unknown) => void message.error(problemText(t, error))
  const order = useMutation({
    mutationFn: () => answer(national.POST('/api/saved-reports/{id}/runs', path)),
    onError: failed,
    onSettled: () => client.invalidateQueries({ queryKey: savedReportsQuery.queryKey }),
  })
  const remove = useMutation({
    mutationFn: () => answer(national.DELETE('/api/saved-reports/{id}', path)),
    onError: failed,
    onSuccess: () => {
      void navigate('/reports/saved')
      client.removeQueries({ queryKey: runsQuery(report.id).queryKey })
    },
  })
  return (
    <>
      <Link to={reportPath(stateOf(report))}>
        <Button icon={<BarChartOutlined aria-hidden />} tabIndex={-1} data-testid="saved-report-open">
          {t('savedReport.open')}
        </Button>
      </Link>
      <Button icon={<PlayCircleOutlined aria-hidden />} disabled={open} loading={order.isPending} onClick={() => order.mutate()} data-testid="saved-report-order">
        {t('savedReport.order')}
      </Button>
      {report.mayChange && (
        <>
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)} data-testid="saved-report-edit">
            {t('action.edit')}
          </Button>
          <Popconfirm title={t('savedReport.removeConfirm')} okText={t('action.remove')} cancelText={t('action.cancel')} onConfirm={() => remove.mutate()}>
            <Button danger icon={<DeleteOutlined aria-hidden />} loading={remove.isPending} data-testid="saved-report-remove">
              {t('action.remove')}
            </Button>
          </Popconfirm>
        </>
      )}
      <SideForm title={report.name} open={editing} onClose={() => setEditing(false)}>
        <SavedReportForm report={report} settings={report.settings} onSaved={() => setEditing(false)} onClose={() => setEditing(false)} />
      </SideForm>
    </>
  )
}

function Asked({ report: { settings, from, to, nextAt, keepDays } }: { report: SavedReport }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const nameOf = useDimensionNames()
  const schedule = useScheduleText()
  const chosen = dimensions.flatMap((d) => (d === 'month' || settings[d].length === 0 ? [] : settings[d].map((value) => nameOf(d, String(value)))))
  const facts = {
    [t('savedReport.period')]: `${t(`period.${settings.period}`)} ${from} – ${to}`,
    [t('report.groupBy')]: settings.groupBy.map((d) => t(`dimension.${d}`)).join(t('savedReport.comma')),
    [t('savedReport.measures')]: settings.measures.map((m) => t(`measure.${m}`)).join(t('savedReport.comma')),
    [t('savedReport.customers')]: chosen.join(t('savedReport.comma')) || t('filter.all'),
    [t('savedReport.schedule')]: schedule(settings.schedule),
    [t('savedReport.next')]: dateTime(nextAt),
    [t('savedReport.keepDays')]: keepDays,
    [t('savedReport.language')]: t(`savedReport.${settings.language}`),
  }
  return <Facts facts={facts} />
}

function Runs({ items }: { items: SavedRun[] }) {
  const { t } = useTranslation()
  const { integer, dateTime, bytes } = useFormats()
  const columns: TableColumnsType<SavedRun> = [
    { title: t('savedRun.dueAt'), render: (_, run) => <span className="figure">{dateTime(run.dueAt)}</span> },
    { title: t('savedRun.orderedBy'), render: (_, run) => run.orderedBy || t('savedRun.clock') },
    {
      title: t('savedRun.state'),
      render: (_, run) => (
        <div data-testid={`saved-run-${run.id}`} data-state={run.state}>
          <Mark mood={runMoods[run.state]}>{t(`savedRun.${run.state}`)}</Mark>
          {run.trouble && (
            <div>
              {textIfKnown(`problem.${run.trouble}`, run.trouble)} {t('savedRun.attempts', { attempts: integer(run.attempts) })}
            </div>
          )}
        </div>
      ),
    },
    { title: t('report.months'), render: (_, run) => (run.from ? `${run.from} – ${run.to}` : t('value.none')) },
    { title: t('savedRun.rows'), align: 'right', render: (_, run) => (run.state === 'done' ? integer(run.rows) : t('value.none')) },
    { title: t('savedRun.dataTime'), render: (_, run) => <span className="figure">{dateTime(run.dataTime)}</span> },
    {
      title: t('savedRun.workbook'),
      render: (_, run) =>
        run.state === 'done' && (
          <Button size="small" icon={<DownloadOutlined aria-hidden />} href={workbookPath(run)} data-testid={`saved-run-workbook-${run.id}`}>
            {t('savedRun.fetch', { size: bytes(run.bytes) })}
          </Button>
        ),
    },
  ]
  return (
    <DataTable<SavedRun>
      label={t('savedReport.runs')}
      rowKey="id"
      columns={columns}
      dataSource={items}
      pagination={items.length > 20 ? { defaultPageSize: 20 } : false}
    />
  )
}
