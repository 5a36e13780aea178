import { DatePicker } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes } from '../../reference/choices'
import { sectionOptions } from '../../reference/industries'
import { provinceOptions } from '../../reference/provinces'
import { cityOptions } from '../../reference/regions'
import { FilterItem, Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { dimensions, measures, monthsOf, type ReportState } from './report'

interface Props {
  state: ReportState
  change: (patch: Partial<ReportState>) => void
}

const all: Partial<ReportState> = { from: '', to: '', province: [], class: [], industry: [], city: [] }

/** What a report is asked. */
export function ReportFilters({ state, change }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { from, to } = monthsOf(state)
  const months = (
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
  return (
    <Filters first={months} onReset={() => change(all)}>
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
    </Filters>
  )
}
