import { FileExcelOutlined, SaveOutlined, ScheduleOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Empty, Spin, Typography } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import { ChartOrTable } from '../../chart/ChartOrTable'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName } from '../../reference/provinces'
import { useUrlState } from '../../urlstate/urlState'
import { SavedReportForm } from '../savedreport/SavedReportForm'
import { settingsOf } from '../savedreport/savedReports'
import { useDimensionNames } from './dimensionNames'
import { reportParts, reportQuery, workbookOf, type Report, type ReportState } from './report'
import { ReportFilters } from './ReportFilters'
import { ReportTable } from './ReportTable'
import { seriesOf } from './series'

/** Customers, members and income by month, province, city, class and industry. */
export default function ReportPage() {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const [state, change] = useUrlState(reportParts)
  const query = useQuery(reportQuery(state))
  const navigate = useNavigate()
  const [saving, setSaving] = useState(false)
  return (
    <>
      <PageHead title={t('report.title')}>
        <Link to="/reports/saved">
          <Button icon={<ScheduleOutlined aria-hidden />} tabIndex={-1} data-testid="saved-reports">
            {t('savedReport.title')}
          </Button>
        </Link>
        <Button icon={<SaveOutlined aria-hidden />} onClick={() => setSaving(true)} data-testid="report-save">
          {t('savedReport.save')}
        </Button>
        <Button icon={<FileExcelOutlined aria-hidden />} href={workbookOf(state, language)} data-testid="report-workbook">
          {t('report.workbook')}
        </Button>
      </PageHead>
      <Card size="small">
        <ReportFilters state={state} change={change} />
        <Loaded query={query}>
          {(report) => (
            <Spin spinning={query.isPlaceholderData}>
              <Figures report={report} state={state} />
              <Source report={report} />
            </Spin>
          )}
        </Loaded>
      </Card>
      <SideForm title={t('savedReport.save')} open={saving} onClose={() => setSaving(false)}>
        <SavedReportForm settings={settingsOf(state)} onSaved={({ id }) => void navigate(`/reports/saved/${id}`)} onClose={() => setSaving(false)} />
      </SideForm>
    </>
  )
}

function Figures({ report: { rows }, state }: { report: Report; state: ReportState }) {
  const { groupBy, measure } = state
  const { t } = useTranslation()
  const { moneyUnit } = useFormats()
  const nameOf = useDimensionNames()
  const unit = moneyUnit(rows.map((r) => r.incomeFen))
  const title =
    measure === 'incomeFen'
      ? t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) })
      : t(`measure.${measure}`)
  const scale = measure === 'incomeFen' ? unit.fen : 1
  const chart = useMemo(() => {
    const { along, series } = seriesOf(rows, groupBy, measure)
    const [bottom, ...others] = groupBy.includes('month') ? ['month' as const, ...groupBy.filter((d) => d !== 'month')] : groupBy
    const named = (key: string) => key.split(' · ').map((value, i) => nameOf(others[i], value)).join(' · ')
    return {
      kind: bottom === 'month' ? ('line' as const) : ('bar' as const),
      categories: along.map((value) => nameOf(bottom, value)),
      series: series.map((s) => ({
        name: s.key === null ? t('report.others') : named(s.key) || title,
        values: s.values.map((v) => (v === null ? null : v / scale)),
      })),
    }
  }, [rows, groupBy, measure, nameOf, scale, title, t])
  if (rows.length === 0) return <Empty />
  return (
    <>
      <Typography.Title level={2} style={{ fontSize: 16 }} data-testid="report-measure">
        {title}
      </Typography.Title>
      <ChartOrTable name="report" chart={{ title, ...chart }} table={<ReportTable rows={rows} asked={state} unit={unit} />} />
    </>
  )
}

/** Where the figures come from, how they are made and how fresh they are. */
function Source({ report }: { report: Report }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  return (
    <Typography.Paragraph type="secondary" style={{ marginTop: 16, marginBottom: 0 }} data-testid="report-source">
      <div>{t('report.source', { table: report.source, movements: report.movementSource })}</div>
      {Object.entries(report.formula).map(([measure, text]) => (
        <div key={measure}>
          {t(`measure.${measure as 'members'}`)}
          {t('timeline.colon')}
          {text[language]}
        </div>
      ))}
      <ul style={{ margin: '8px 0 0', paddingInlineStart: 20 }}>
        {report.dataTime.map((f) => (
          <li key={f.province}>
            {t('report.freshness', { province: provinceName(f.province, language), month: f.lastMonth || t('value.none'), time: dateTime(f.asOf), movements: dateTime(f.movementsAsOf) })}
          </li>
        ))}
      </ul>
    </Typography.Paragraph>
  )
}
