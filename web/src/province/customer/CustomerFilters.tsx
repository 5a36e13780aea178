import { useTranslation } from 'react-i18next'
import { AttributeFilter } from '../attribute/AttributeFilter'
import { useSession } from '../../api/session'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes, lifecycles } from '../../reference/choices'
import { industryOptions } from '../../reference/industries'
import { cityOptions } from '../../reference/regions'
import { FilterItem, Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { SearchBox } from '../../table/SearchBox'
import { useYesNoOptions } from '../../table/yesNo'
import { RosterSelect } from '../roster/RosterSelect'
import { noFilter, type CustomerListState } from './customers'
import { ManagerSelect } from './ManagerSelect'
import { UnitSelect } from './UnitSelect'

interface Props {
  state: CustomerListState
  change: (patch: Partial<CustomerListState>, replace?: boolean) => void
}

/** What the list is narrowed by. The node filters; the state is the URL's. */
export function CustomerFilters({ state, change }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { session } = useSession()
  const yesNo = useYesNoOptions()
  const search = (
    <FilterItem name="q" label={t('filter.search')}>
      <SearchBox id="filter-q" value={state.q} placeholder={t('customers.searchHint')} onSearch={(q) => change({ q }, true)} />
    </FilterItem>
  )
  return (
    <Filters first={search} onReset={() => change(noFilter)}>
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
        options={cityOptions([session.node.province])}
        onChange={(city) => change({ city })}
      />
      <FilterItem name="unit" label={t('filter.unit')}>
        <UnitSelect id="filter-unit" value={state.unit} onChange={(unit) => change({ unit })} data-testid="filter-unit" />
      </FilterItem>
      <FilterItem name="manager" label={t('customer.manager')}>
        <ManagerSelect
          id="filter-manager"
          value={state.manager || null}
          onChange={(manager) => change({ manager: manager ?? 0 })}
          data-testid="filter-manager"
        />
      </FilterItem>
      <FilterItem name="roster" label={t('customers.roster')}>
        <RosterSelect id="filter-roster" value={state.roster} onChange={(roster) => change({ roster })} data-testid="filter-roster" />
      </FilterItem>
      <OneFilter
        name="national"
        label={t('customer.national')}
        value={state.national}
        options={yesNo}
        onChange={(national) => change({ national })}
      />
      <AttributeFilter attribute={state.attribute} value={state.value} onChange={(next) => change(next, true)} />
    </Filters>
  )
}
