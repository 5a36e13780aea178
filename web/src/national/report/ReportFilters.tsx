import { useTranslation } from 'react-i18next'
import { Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { allCells, CellFilters, MonthsFilter } from './CellFilters'
import { dimensions, measures, type ReportState } from './report'

interface Props {
  state: ReportState
  change: (patch: Partial<ReportState>) => void
}

/** What a report is asked. */
export function ReportFilters({ state, change }: Props) {
  const { t } = useTranslation()
  return (
    <Filters first={<MonthsFilter state={state} change={change} />} onReset={() => change(allCells)}>
      <ManyFilter
        name="groupBy"
        label={t('report.groupBy')}
        value={state.groupBy}
        options={dimensions.map((value) => ({ value, label: t(`dimension.${value}`) }))}
        onChange={(groupBy) => change({ groupBy: dimensions.filter((d) => groupBy.includes(d)) })}
      />
      <OneFilter
        name="measure"
        label={t('report.measure')}
        value={state.measure}
        options={measures.map((value) => ({ value, label: t(`measure.${value}`) }))}
        onChange={(measure) => change({ measure })}
      />
      <CellFilters state={state} change={change} />
    </Filters>
  )
}
