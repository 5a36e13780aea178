import { useQuery } from '@tanstack/react-query'
import { DatePicker, Segmented, Typography } from 'antd'
import dayjs from 'dayjs'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { ChartOrTable } from '../../chart/ChartOrTable'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useUrlState } from '../../urlstate/urlState'
import { useDimensionNames } from '../report/dimensionNames'
import { measures, movementsBehind, reportPath, reportQuery, type Measure, type Report, type ReportRow } from '../report/report'
import { ReportTable } from '../report/ReportTable'
import { about, dashboardParts, monthOf, type DashboardState } from './dashboard'
import { ProvinceMap } from './ProvinceMap'

/** A month of the nation at a glance. Every figure leads to the report behind it. */
export default function DashboardPage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(dashboardParts)
  const month = monthOf(state)
  return (
    <>
      <PageHead title={t('dashboard.title')} note={t('dashboard.month', { month })}>
        <DatePicker
          picker="month"
          value={dayjs(month)}
          allowClear={false}
          onChange={(chosen) => chosen && change({ month: chosen.format('YYYY-MM') })}
          aria-label={t('dimension.month')}
          data-testid="dashboard-month"
        />
        <Segmented<Measure>
          value={state.measure}
          onChange={(measure) => change({ measure }, true)}
          options={measures.map((value) => ({ value, label: t(`measure.${value}`) }))}
          name="measure"
          aria-label={t('report.measure')}
        />
      </PageHead>
      <div className="blocks" data-testid="dashboard">
        <Totals state={state} />
        <Provinces state={state} />
        <Figures name="class" dimension="class" state={state} title={(measure) => t('dashboard.byClass', { measure })} />
        <Figures name="trend" dimension="month" months={24} state={state} title={(measure) => t('dashboard.trend', { measure })} whole />
        <Figures name="industry" dimension="industry" state={state} title={(measure) => t('dashboard.byIndustry', { measure })} whole />
      </div>
    </>
  )
}

function useUnits(rows: Report['rows'], measure: Measure) {
  const { t } = useTranslation()
  const { integer, money, moneyUnit } = useFormats()
  const unit = moneyUnit(rows.map((r) => r.incomeFen))
  const isMoney = measure === 'incomeFen'
  return {
    unit,
    scale: isMoney ? unit.fen : 1,
    title: isMoney ? t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) }) : t(`measure.${measure}`),
    write: (value: number) => (isMoney ? money(value, unit) : integer(value)),
  }
}

function Totals({ state }: { state: DashboardState }) {
  const { t } = useTranslation()
  const { integer, growth } = useFormats()
  const asked = about(state, ['month'], 2)
  const query = useQuery(reportQuery(asked))
  const { unit, write } = useUnits(query.data?.rows ?? [], 'incomeFen')
  return (
    <Block name="totals" title={t('dashboard.totals')} whole>
      <Loaded query={query}>
        {({ rows, dataTime }) => {
          const now = rows.at(-1)
          const last = { ...asked, from: asked.to }
          const growths = (measure: Measure) =>
            t('dashboard.growths', { onMonth: growth(now?.monthOnMonth[measure]), onYear: growth(now?.yearOnYear[measure]) })
          const fact = (measure: Measure, text: (row: ReportRow) => string) => {
            const path = (row: ReportRow) =>
              measure === 'newCustomers' || measure === 'lostCustomers'
                ? movementsBehind(last, row, measure === 'newCustomers' ? 'new' : 'lost')
                : reportPath({ ...last, groupBy: ['province'], measure })
            if (!now) return t('value.none')
            return (
              <>
                <Link to={path(now)} style={{ textDecoration: 'underline' }} data-testid={`total-${measure}`}>
                  {text(now)}
                </Link>{' '}
                {growths(measure)}
              </>
            )
          }
          const facts = {
            [t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) })]: fact('incomeFen', (r) => write(r.incomeFen)),
            ...Object.fromEntries(
              (['customers', 'newCustomers', 'lostCustomers', 'members'] as const).map((m) => [t(`measure.${m}`), fact(m, (r) => integer(r[m]))]),
            ),
            [t('dashboard.reported')]: t('dashboard.reportedOf', {
              reported: integer(dataTime.filter((f) => f.lastMonth >= asked.to).length), all: integer(dataTime.length),
            }),
          }
          return <Facts facts={facts} />
        }}
      </Loaded>
    </Block>
  )
}

function Provinces({ state }: { state: DashboardState }) {
  const { t } = useTranslation()
  const asked = about(state, ['province'])
  const query = useQuery(reportQuery(asked))
  const { title, write } = useUnits(query.data?.rows ?? [], state.measure)
  const label = t('dashboard.byProvince', { measure: title })
  return (
    <Block name="map" title={label}>
      <Loaded query={query}>
        {({ rows }) => (
          <>
            <ProvinceMap
              label={label}
              values={new Map(rows.map((r) => [r.province ?? 0, r[state.measure]]))}
              short={write}
              long={write}
              linkOf={(province) => reportPath({ ...asked, province: [province], groupBy: ['city'] })}
            />
            <Typography.Paragraph type="secondary" style={{ margin: '8px 0 0' }}>
              {t('dashboard.mapHelp')}{' '}
              <Link to={reportPath(asked)} style={{ textDecoration: 'underline' }}>
                {t('dashboard.asTable')}
              </Link>
            </Typography.Paragraph>
          </>
        )}
      </Loaded>
    </Block>
  )
}

interface FiguresProps {
  name: string
  title: (measure: string) => string
  state: DashboardState
  dimension: 'month' | 'class' | 'industry'
  months?: number
  whole?: boolean
}

/** A measure along one dimension, as a chart or as the table whose rows lead on. */
function Figures({ name, title, state, dimension, months = 1, whole }: FiguresProps) {
  const { t } = useTranslation()
  const nameOf = useDimensionNames()
  const asked = about(state, [dimension], months)
  const query = useQuery(reportQuery(asked))
  const rows = query.data?.rows
  const units = useUnits(rows ?? [], state.measure)
  const label = title(units.title)
  const chart = useMemo(
    () => ({
      title: label,
      kind: dimension === 'month' ? ('line' as const) : ('bar' as const),
      categories: (rows ?? []).map((r) => nameOf(dimension, String(r[dimension] ?? ''))),
      series: [{ name: label, values: (rows ?? []).map((r) => r[state.measure] / units.scale) }],
    }),
    [label, rows, dimension, state.measure, units.scale, nameOf],
  )
  return (
    <Block name={name} title={label} whole={whole} actions={<Link to={reportPath(asked)}>{t('dashboard.open')}</Link>}>
      <Loaded query={query}>
        {(report) => <ChartOrTable name={name} chart={chart} table={<ReportTable rows={report.rows} asked={asked} unit={units.unit} />} />}
      </Loaded>
    </Block>
  )
}
