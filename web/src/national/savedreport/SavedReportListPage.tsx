import { useQuery } from '@tanstack/react-query'
import { Card, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { runMoods, savedReportsQuery, type SavedReport } from './savedReports'
import { useScheduleText } from './useScheduleText'

/** The reports that are the reader's own or shown to all, with what became of their last run. */
export default function SavedReportListPage() {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const schedule = useScheduleText()
  const query = useQuery(savedReportsQuery)
  const columns: TableColumnsType<SavedReport> = [
    { title: t('savedReport.name'), render: (_, r) => <Link to={`/reports/saved/${r.id}`}>{r.name}</Link> },
    { title: t('savedReport.owner'), dataIndex: 'ownerName' },
    { title: t('savedReport.audience'), render: (_, r) => t(`savedReport.${r.audience}`) },
    { title: t('savedReport.period'), render: (_, r) => t(`period.${r.settings.period}`) },
    { title: t('savedReport.schedule'), render: (_, r) => schedule(r.settings.schedule) },
    {
      title: t('savedReport.last'),
      render: (_, r) =>
        r.lastState ? (
          <>
            <Mark mood={runMoods[r.lastState]}>{t(`savedRun.${r.lastState}`)}</Mark> <span className="figure">{dateTime(r.lastAt)}</span>
          </>
        ) : (
          t('value.none')
        ),
    },
    { title: t('savedReport.next'), render: (_, r) => <span className="figure">{dateTime(r.nextAt)}</span> },
  ]
  return (
    <>
      <PageHead title={t('savedReport.title')} note={t('savedReport.listHelp')} />
      <Card size="small">
        <Loaded query={query}>
          {({ items }) => (
            <DataTable<SavedReport>
              label={t('savedReport.title')}
              rowKey="id"
              columns={columns}
              dataSource={items}
              pagination={items.length > 50 ? { defaultPageSize: 50 } : false}
              onRow={(r) => ({ 'data-testid': `saved-report-row-${r.id}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}
