import { EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Space, type TableColumnsType } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { FilterItem, Filters, ManyFilter, OneFilter } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { useUrlState } from '../../urlstate/urlState'
import { UnitSelect } from '../customer/UnitSelect'
import { wishKinds, wishListParts, wishListQuery, type ListedWish } from './wishes'

const WishForm = lazy(() => import('./WishForm'))

/** What customers wish for and wait for, the one that is wanted first before the others. */
export default function WishListPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(wishListParts)
  const [edited, setEdited] = useState<ListedWish>()
  const query = useQuery(wishListQuery(state))
  const show = (patch: Partial<typeof state>) => change({ after: '', ...patch })
  const close = () => setEdited(undefined)
  const hits = ({ total, more, overdue }: { total: number; more: boolean; overdue: number }) =>
    [t(more ? 'list.hitsMore' : 'list.hits', { total: integer(total) }), overdue > 0 && t('wish.overdueCount', { total: integer(overdue) })]
      .filter(Boolean)
      .join(' · ')
  return (
    <>
      <PageHead
        title={t('wish.listTitle')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && hits(query.data)}
          </span>
        }
      />
      <Card size="small">
        <Filters onReset={() => show({ kind: [], unit: 0, days: '0' })}>
          <ManyFilter
            name="kind"
            label={t('wish.kind')}
            value={state.kind}
            options={wishKinds.map((value) => ({ value, label: t(`wishKind.${value}`) }))}
            onChange={(kind) => show({ kind })}
          />
          <OneFilter
            name="days"
            label={t('wish.wantedOn')}
            value={state.days}
            options={[
              { value: '0' as const, label: t('filter.all') },
              ...(['7', '30', '90'] as const).map((value) => ({ value, label: t('wish.within', { days: value }) })),
            ]}
            onChange={(days) => show({ days })}
          />
          <FilterItem name="unit" label={t('filter.unit')}>
            <UnitSelect id="filter-unit" value={state.unit} onChange={(unit) => show({ unit })} data-testid="filter-unit" />
          </FilterItem>
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <>
              <WishTable items={page.items} today={page.today} onEdit={setEdited} />
              <Space style={{ marginTop: 12 }}>
                {state.after !== '' && (
                  <Button onClick={() => show({})} data-testid="wish-first">
                    {t('wish.first')}
                  </Button>
                )}
                {page.next !== '' && (
                  <Button onClick={() => show({ after: page.next })} data-testid="wish-next">
                    {t('wish.next')}
                  </Button>
                )}
              </Space>
            </>
          )}
        </Loaded>
      </Card>
      <SideForm title={t('wish.edit')} open={edited !== undefined} onClose={close}>
        <Suspense>{edited && <WishForm customerId={edited.customerId} wish={edited} inCharge={edited.inCharge} onClose={close} />}</Suspense>
      </SideForm>
    </>
  )
}

function WishTable({ items, today, onEdit }: { items: ListedWish[]; today: string; onEdit: (wish: ListedWish) => void }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { dateTime } = useFormats()
  const columns: TableColumnsType<ListedWish> = [
    {
      title: t('wish.wantedOn'),
      render: (_, w) =>
        w.wantedOn !== '' && w.wantedOn < today ? (
          <Mark mood="bad">{t('wish.overdueSince', { day: w.wantedOn })}</Mark>
        ) : (
          <span className="figure">{w.wantedOn || t('value.none')}</span>
        ),
    },
    { title: t('customer.name'), render: (_, w) => <Link to={`/customers/${w.customerId}`}>{w.customerName}</Link> },
    { title: t('wish.kind'), render: (_, w) => t(`wishKind.${w.kind}`) },
    { title: t('wish.body'), render: (_, w) => <div style={{ minWidth: 200, maxWidth: 420, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{w.body}</div> },
    { title: t('customer.manager'), render: (_, w) => w.managerName || t('value.none') },
    {
      title: t('wish.noted'),
      render: (_, w) => (
        <span className="figure">
          {dateTime(w.at)} · {w.author}
        </span>
      ),
    },
    ...(may('interaction.write')
      ? [{
          title: t('list.actions'),
          render: (_: unknown, w: ListedWish) => (
            <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => onEdit(w)} data-testid={`wish-answer-${w.id}`}>
              {t(w.inCharge ? 'wish.answerIt' : 'action.edit')}
            </Button>
          ),
        }]
      : []),
  ]
  return (
    <DataTable<ListedWish>
      label={t('wish.listTitle')}
      rowKey="id"
      columns={columns}
      dataSource={items}
      onRow={(w) => ({ 'data-testid': `wish-row-${w.id}` }) as object}
    />
  )
}
