import { BarChartOutlined, TableOutlined } from '@ant-design/icons'
import { Segmented } from 'antd'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Loading } from '../frame/Outcome'
import { choice, useUrlState, type Parts } from '../urlstate/urlState'
import type { ChartData } from './Chart'

const Chart = lazy(() => import('./Chart'))

interface FormState {
  form: 'chart' | 'table'
}

const parts: Parts<FormState> = { form: choice(['chart', 'table'], 'chart') }

interface Props {
  name: string
  chart: ChartData
  table: ReactNode
}

/** Figures as a chart, or as the table that says the same to who cannot see it. */
export function ChartOrTable({ name, chart, table }: Props) {
  const { t } = useTranslation()
  const [{ form }, change] = useUrlState(parts)
  return (
    <>
      <Segmented<FormState['form']>
        value={form}
        onChange={(chosen) => change({ form: chosen }, true)}
        name={`${name}-form`}
        aria-label={t('chart.form')}
        options={[
          { value: 'chart', label: t('chart.chart'), icon: <BarChartOutlined aria-hidden /> },
          { value: 'table', label: t('chart.table'), icon: <TableOutlined aria-hidden /> },
        ]}
        style={{ marginBottom: 12 }}
        data-testid={`${name}-form`}
      />
      {form === 'chart' ? (
        <Suspense fallback={<Loading />}>
          <Chart {...chart} />
        </Suspense>
      ) : (
        table
      )}
    </>
  )
}
