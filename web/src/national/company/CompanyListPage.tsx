import { useQuery } from '@tanstack/react-query'
import { Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName, provinceOptions } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { FilterItem, Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { onSort, pagination, sortedBy } from '../../table/paging'
import { SearchBox } from '../../table/SearchBox'
import { useYesNoOptions } from '../../table/yesNo'
import { useUrlState } from '../../urlstate/urlState'
import { companyListParts, companyListQuery, type Company, type CompanyListState } from './companies'

/** The companies that span provinces. */
export default function CompanyListPage() {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(companyListParts)
  const query = useQuery(companyListQuery(state))
  const columns = useColumns(state)
  return (
    <>
      <PageHead
        title={t('companies.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && `${t('list.hits', { total: integer(query.data.total) })} · ${t('companies.computedAt', { time: dateTime(query.data.computedAt) })}`}
          </span>
        }
      />
      <Card size="small">
        <CompanyFilters state={state} change={change} />
        <Loaded query={query}>
          {(page) => (
            <DataTable<Company>
              label={t('companies.title')}
              rowKey="creditCode"
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              onChange={onSort('provinces', change)}
              onRow={(c) => ({ 'data-testid': `company-row-${c.creditCode}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function CompanyFilters({ state, change }: { state: CompanyListState; change: (patch: Partial<CompanyListState>, replace?: boolean) => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const yesNo = useYesNoOptions()
  const search = (
    <FilterItem name="q" label={t('filter.search')}>
      <SearchBox id="filter-q" value={state.q} placeholder={t('companies.searchHint')} onSearch={(q) => change({ q }, true)} />
    </FilterItem>
  )
  return (
    <Filters first={search} onReset={() => change({ q: '', province: [], keyAccount: '' })}>
      <ManyFilter
        name="province"
        label={t('companies.everyProvince')}
        value={state.province}
        options={provinceOptions(language)}
        onChange={(province) => change({ province })}
      />
      <OneFilter
        name="keyAccount"
        label={t('company.keyAccount')}
        value={state.keyAccount}
        options={yesNo}
        onChange={(keyAccount) => change({ keyAccount })}
      />
    </Filters>
  )
}

function useColumns(state: CompanyListState): TableColumnsType<Company> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { integer } = useFormats()
  return [
    {
      title: t('company.name'), ...sortedBy(state, 'name'), width: 260,
      render: (_, c) => (
        <div style={{ minWidth: 150, maxWidth: 320, whiteSpace: 'normal' }}>
          <Link to={`/companies/${c.creditCode}`}>{c.name || c.creditCode}</Link>
          <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
            {c.creditCode}
          </Typography.Text>
        </div>
      ),
    },
    {
      title: t('company.provinces'), ...sortedBy(state, 'provinces'),
      render: (_, c) => (
        <div style={{ minWidth: 120, maxWidth: 360, whiteSpace: 'normal' }}>
          <strong className="figure">{integer(c.provinces.length)}</strong>{' '}
          {c.provinces.map((p) => provinceName(p, language)).join(t('list.comma'))}
        </div>
      ),
    },
    { title: t('company.class'), ...sortedBy(state, 'class'), render: (_, c) => c.class || t('value.none') },
    {
      title: t('company.customers'), ...sortedBy(state, 'customers'), align: 'right',
      render: (_, c) => <span className="figure">{t('company.customersActive', { customers: integer(c.customers), active: integer(c.active) })}</span>,
    },
    { title: t('company.keyAccount'), key: 'keyAccount', render: (_, c) => c.keyAccountSince || t('value.no') },
  ]
}
