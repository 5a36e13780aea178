import { useQuery } from '@tanstack/react-query'
import { Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { industryName } from '../../reference/industries'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { onSort, pagination, sortedBy } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { CustomerFilters } from './CustomerFilters'
import { customerListParts, customerListQuery, type Customer, type CustomerListState } from './customers'
import { LifecycleMark } from './LifecycleMark'

/** The replicated customers of all provinces. */
export default function CustomerListPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(customerListParts)
  const query = useQuery(customerListQuery(state))
  const columns = useColumns(state)
  return (
    <>
      <PageHead
        title={t('customers.replicated')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      />
      <Card size="small">
        <CustomerFilters state={state} change={change} />
        <Loaded query={query}>
          {(page) => (
            <DataTable<Customer>
              label={t('customers.replicated')}
              rowKey={(c) => `${c.province}/${c.id}`}
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              onChange={onSort('id', change)}
              onRow={(c) => ({ 'data-testid': `customer-row-${c.number}`, 'data-province': c.province }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(state: CustomerListState): TableColumnsType<Customer> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  return [
    {
      title: t('customer.name'), ...sortedBy(state, 'name'), width: 260,
      render: (_, c) => (
        <div style={{ minWidth: 150, maxWidth: 320, whiteSpace: 'normal' }}>
          <Link to={`/customers/${c.province}/${c.id}`}>{c.name}</Link>
          <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
            {c.number}
          </Typography.Text>
        </div>
      ),
    },
    { title: t('board.province'), ...sortedBy(state, 'province'), render: (_, c) => provinceName(c.province, language, c.provinceName) },
    { title: t('customer.class'), dataIndex: 'class', ...sortedBy(state, 'class') },
    { title: t('customer.lifecycle'), ...sortedBy(state, 'lifecycle'), render: (_, c) => <LifecycleMark lifecycle={c.lifecycle} /> },
    {
      title: t('customer.industry'), ...sortedBy(state, 'industry'), responsive: ['md'],
      render: (_, c) => <div style={{ maxWidth: 220, whiteSpace: 'normal' }}>{industryName(c.industry, language)}</div>,
    },
    { title: t('customer.city'), dataIndex: 'cityName', ...sortedBy(state, 'city'), responsive: ['md'] },
    { title: t('customer.crossProvince'), key: 'crossProvince', responsive: ['lg'], render: (_, c) => t(c.crossProvince ? 'value.yes' : 'value.no') },
    {
      title: t('record.updatedAt'), ...sortedBy(state, 'updatedAt'), responsive: ['lg'],
      render: (_, c) => <span className="figure">{dateTime(c.updatedAt)}</span>,
    },
  ]
}
