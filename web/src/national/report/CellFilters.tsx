import { DatePicker } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes } from '../../reference/choices'
import { sectionOptions } from '../../reference/industries'
import { provinceOptions } from '../../reference/provinces'
import { cityOptions } from '../../reference/regions'
import { FilterItem, ManyFilter } from '../../table/Filters'
import { monthsOf, type ReportState } from './report'

type CellState = Pick<ReportState, 'from' | 'to' | 'province' | 'class' | 'industry' | 'city'>

interface Props {
  state: CellState
  change: (patch: Partial<CellState>) => void
}

/** Everything that figures can be about. */
export const allCells: CellState = { from: '', to: '', province: [], class: [], industry: [], city: [] }

/** The months that figures are of. */
export function MonthsFilter({ state, change }: Props) {
  const { t } = useTranslation()
  const { from, to } = monthsOf(state)
  return (
    <FilterItem name="from" label={t('report.months')}>
      <DatePicker.RangePicker
        picker="month"
        id={{ start: 'filter-from', end: 'filter-to' }}
        aria-label={t('report.months')}
        allowClear={false}
        value={[dayjs(from), dayjs(to)]}
        onChange={(chosen) => {
          if (chosen?.[0] && chosen[1]) change({ from: chosen[0].format('YYYY-MM'), to: chosen[1].format('YYYY-MM') })
        }}
        style={{ width: '100%' }}
      />
    </FilterItem>
  )
}

/** Which customers figures are about. */
export function CellFilters({ state, change }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <>
      <ManyFilter
        name="province"
        label={t('board.province')}
        value={state.province}
        options={provinceOptions(language)}
        onChange={(province) => change({ province })}
      />
      <ManyFilter
        name="class"
        label={t('customer.class')}
        value={state.class}
        options={asOptions(classes)}
        onChange={(value) => change({ class: value })}
      />
      <ManyFilter
        name="industry"
        label={t('dimension.industry')}
        value={state.industry}
        options={sectionOptions(language)}
        onChange={(industry) => change({ industry })}
      />
      <ManyFilter
        name="city"
        label={t('customer.city')}
        value={state.city}
        options={cityOptions(state.province)}
        onChange={(city) => change({ city })}
      />
    </>
  )
}
