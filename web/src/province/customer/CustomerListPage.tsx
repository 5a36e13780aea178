import { DownloadOutlined, PlusOutlined, SwapOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Typography, type TableColumnsType } from 'antd'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { lazyPart } from '../../language/lazyPart'
import { industryName } from '../../reference/industries'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { onSort, pagination, sortedBy } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { lifecycleMoods } from '../../reference/choices'
import { handoverPath } from '../handover/handovers'
import { CustomerFilters } from './CustomerFilters'
import { Notices } from './Notices'
import { customerListParts, customerListQuery, type CustomerListState, type CustomerRow } from './customers'

const ExportDialog = lazyPart('province', () => import('../exporting/ExportDialog'))

export default function CustomerListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer } = useFormats()
  const [state, change] = useUrlState(customerListParts)
  const query = useQuery(customerListQuery(state))
  const columns = useColumns(state)
  const [exporting, setExporting] = useState(false)
  const total = query.data && t(query.data.more ? 'list.hitsMore' : 'list.hits', { total: integer(query.data.total) })
  const [selected, setSelected] = useState<number[]>([])
  return (
    <>
      <PageHead
        title={t('customers.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {total}
          </span>
        }
      >
        {may('customer.export') && (
          <Button icon={<DownloadOutlined aria-hidden />} onClick={() => setExporting(true)} data-testid="customer-export">
            {t('export.open')}
          </Button>
        )}
        {may('customer.assign') && (
          <Link to={handoverPath(state, selected)}>
            <Button icon={<SwapOutlined aria-hidden />} tabIndex={-1} data-testid="handover-open">
              {selected.length > 0 ? t('handover.selected', { count: selected.length }) : t('handover.filtered')}
            </Button>
          </Link>
        )}
        {may('customer.create') && (
          <Link to="/customers/new">
            <Button type="primary" icon={<PlusOutlined aria-hidden />} tabIndex={-1} data-testid="customer-new">
              {t('customer.new')}
            </Button>
          </Link>
        )}
      </PageHead>
      <Notices />
      <Card size="small">
        <CustomerFilters state={state} change={change} />
        <Loaded query={query}>
          {(page) => (
            <DataTable<CustomerRow>
              label={t('customers.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              onChange={onSort('id', change)}
              rowSelection={
                may('customer.assign')
                  ? {
                      selectedRowKeys: selected,
                      preserveSelectedRowKeys: true, // of pages that were left
                      hideSelectAll: true, // antd repeats its box in a hidden row, where the keyboard would meet it
                      onChange: (keys) => setSelected(keys.map(Number)),
                      getCheckboxProps: (row) => ({ 'aria-label': row.name, 'data-testid': `customer-select-${row.number}` }) as object,
                    }
                  : undefined
              }
              onRow={(row) => ({ 'data-testid': `customer-row-${row.number}`, 'data-id': row.id }) as object}
            />
          )}
        </Loaded>
      </Card>
      {exporting && (
        <Suspense fallback={null}>
          <ExportDialog state={state} total={total ?? ''} onClose={() => setExporting(false)} />
        </Suspense>
      )}
    </>
  )
}

function useColumns(state: CustomerListState): TableColumnsType<CustomerRow> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  return [
    {
      title: t('customer.name'), ...sortedBy(state, 'name'), width: 260,
      render: (_, row) => (
        <div style={{ minWidth: 150, maxWidth: 320, whiteSpace: 'normal' }}>
          <Link to={`/customers/${row.id}`}>{row.name}</Link>
          <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
            {row.number}
          </Typography.Text>
        </div>
      ),
    },
    { title: t('customer.class'), dataIndex: 'class', ...sortedBy(state, 'class') },
    {
      title: t('customer.lifecycle'), ...sortedBy(state, 'lifecycle'),
      render: (_, row) => <Mark mood={lifecycleMoods[row.lifecycle]}>{t(`lifecycle.${row.lifecycle}`)}</Mark>,
    },
    {
      title: t('customer.industry'), ...sortedBy(state, 'industry'), responsive: ['md'],
      render: (_, row) => <div style={{ maxWidth: 220, whiteSpace: 'normal' }}>{industryName(row.industry, language)}</div>,
    },
    { title: t('customer.city'), dataIndex: 'cityName', ...sortedBy(state, 'city'), responsive: ['sm'] },
    {
      title: t('customer.manager'), key: 'manager', responsive: ['lg'],
      render: (_, row) => (
        <>
          {row.managerName || t('value.none')}
          <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
            {row.departmentName}
          </Typography.Text>
        </>
      ),
    },
    { title: t('customer.national'), key: 'national', responsive: ['xl'], render: (_, row) => t(row.national ? 'value.yes' : 'value.no') },
    {
      title: t('record.updatedAt'), ...sortedBy(state, 'updatedAt'), responsive: ['lg'],
      render: (_, row) => <span className="figure">{dateTime(row.updatedAt)}</span>,
    },
  ]
}
