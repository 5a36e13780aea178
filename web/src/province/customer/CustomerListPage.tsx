import { DownloadOutlined, EditOutlined, PlusOutlined, SwapOutlined, UnorderedListOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card } from 'antd'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Loaded, Loading } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { lazyPart } from '../../language/lazyPart'
import { DataTable } from '../../table/DataTable'
import { onSort, pagination } from '../../table/paging'
import { handoverPath } from '../handover/handovers'
import { useViewedList } from '../view/views'
import { CustomerFilters } from './CustomerFilters'
import { Notices } from './Notices'
import { choose, customerListQuery, type CustomerRow } from './customers'
import { useColumns } from './useColumns'

const Grouped = lazyPart('province', () => import('../group/Grouped'))
const ViewBar = lazyPart('province', () => import('../view/ViewBar'))
const BulkDialog = lazyPart('province', () => import('../bulk/BulkDialog'))
const PutDialog = lazyPart('province', () => import('../roster/PutDialog'))
const ExportDialog = lazyPart('province', () => import('../exporting/ExportDialog'))

export default function CustomerListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer } = useFormats()
  const list = useViewedList()
  const { state, change } = list
  const query = useQuery({ ...customerListQuery(state), enabled: !list.waits })
  const columns = useColumns(state)
  const [open, setOpen] = useState<'bulk' | 'export' | 'roster'>()
  const close = () => setOpen(undefined)
  const total = query.data && t(query.data.more ? 'list.hitsMore' : 'list.hits', { total: integer(query.data.total) })
  const [selected, setSelected] = useState<number[]>([])
  if (list.waits) return <Loading />
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
          <Button icon={<DownloadOutlined aria-hidden />} onClick={() => setOpen('export')} data-testid="customer-export">
            {t('export.open')}
          </Button>
        )}
        {may('customer.change') && (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setOpen('bulk')} data-testid="bulk-open">
            {selected.length > 0 ? t('bulk.selected', { count: selected.length }) : t('bulk.filtered')}
          </Button>
        )}
        {may('roster.manage') && (
          <Button icon={<UnorderedListOutlined aria-hidden />} onClick={() => setOpen('roster')} data-testid="roster-put-open">
            {t('customers.putIntoRoster')}
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
        <Suspense fallback={<div style={{ height: 44 }} />}>
          <ViewBar list={list} />
        </Suspense>
        <CustomerFilters state={state} change={change} />
        {state.group ? (
          <Suspense fallback={<Loading />}>
            <Grouped by={state.group} list={list} />
          </Suspense>
        ) : (
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
                  may('customer.change')
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
        )}
      </Card>
      <Suspense fallback={null}>
        {open === 'export' && <ExportDialog state={state} total={total ?? ''} onClose={close} />}
        {open === 'bulk' && <BulkDialog choice={choose(state, selected)} onClose={close} />}
        {open === 'roster' && <PutDialog choice={choose(state, selected)} total={total ?? ''} onClose={close} />}
      </Suspense>
    </>
  )
}
