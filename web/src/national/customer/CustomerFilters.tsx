import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes, lifecycles } from '../../reference/choices'
import { industryOptions } from '../../reference/industries'
import { provinceOptions } from '../../reference/provinces'
import { cityOptions } from '../../reference/regions'
import { FilterItem, Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { SearchBox } from '../../table/SearchBox'
import { useYesNoOptions } from '../../table/yesNo'
import type { CustomerListState } from './customers'

interface Props {
  state: CustomerListState
  change: (patch: Partial<CustomerListState>, replace?: boolean) => void
}

const all: Partial<CustomerListState> = { q: '', province: [], class: [], lifecycle: [], industry: [], city: [], crossProvince: '' }

/** What the list is narrowed by. The node filters; the state is the URL's. */
export function CustomerFilters({ state, change }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const yesNo = useYesNoOptions()
  const search = (
    <FilterItem name="q" label={t('filter.search')}>
      <SearchBox id="filter-q" value={state.q} placeholder={t('customers.searchHint')} onSearch={(q) => change({ q }, true)} />
    </FilterItem>
  )
  return (
    <Filters first={search} onReset={() => change(all)}>
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
        name="lifecycle"
        label={t('customer.lifecycle')}
        value={state.lifecycle}
        options={lifecycles.map((value) => ({ value, label: t(`lifecycle.${value}`) }))}
        onChange={(lifecycle) => change({ lifecycle })}
      />
      <ManyFilter
        name="industry"
        label={t('customer.industry')}
        value={state.industry}
        options={industryOptions(language)}
        onChange={(industry) => change({ industry })}
      />
      <ManyFilter
        name="city"
        label={t('customer.city')}
        value={state.city}
        options={cityOptions(state.province)}
        onChange={(city) => change({ city })}
      />
      <OneFilter
        name="crossProvince"
        label={t('customer.crossProvince')}
        value={state.crossProvince}
        options={yesNo}
        onChange={(crossProvince) => change({ crossProvince })}
      />
    </Filters>
  )
}
