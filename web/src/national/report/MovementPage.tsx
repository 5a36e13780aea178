import { useQuery } from '@tanstack/react-query'
import { Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { Filters, OneFilter } from '../../table/Filters'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { allCells, CellFilters, MonthsFilter } from './CellFilters'
import { useDimensionNames } from './dimensionNames'
import { kinds, movementParts, movementQuery, type Moved } from './movements'
import { monthsOf } from './report'

/** The customers behind a figure of new or lost ones. */
export default function MovementPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(movementParts)
  const query = useQuery(movementQuery({ ...state, ...monthsOf(state) }))
  const columns = useColumns()
  return (
    <>
      <PageHead
        title={t('movements.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && `${t('list.hits', { total: integer(query.data.total) })} · ${t('movements.then')}`}
          </span>
        }
      />
      <Card size="small">
        <Filters first={<MonthsFilter state={state} change={change} />} onReset={() => change(allCells)}>
          <OneFilter
            name="kind"
            label={t('movements.kind')}
            value={state.kind}
            options={kinds.map((value) => ({ value, label: t(`movements.${value}`) }))}
            onChange={(kind) => change({ kind })}
          />
          <CellFilters state={state} change={change} />
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <DataTable<Moved>
              label={t('movements.title')}
              rowKey={(m) => `${m.province}/${m.id}/${m.month}`}
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(): TableColumnsType<Moved> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const nameOf = useDimensionNames()
  return [
    {
      title: t('movements.customer'), width: 260,
      render: (_, m) =>
        m.here ? (
          <div style={{ minWidth: 150, maxWidth: 320, whiteSpace: 'normal' }}>
            <Link to={`/customers/${m.province}/${m.id}`}>{m.name || m.number || m.id}</Link>
            <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
              {m.number}
            </Typography.Text>
          </div>
        ) : (
          <Typography.Text type="secondary">{t('movements.gone')}</Typography.Text>
        ),
    },
    { title: t('dimension.month'), dataIndex: 'month' },
    { title: t('dimension.province'), render: (_, m) => provinceName(m.province, language) },
    ...(['city', 'class', 'industry'] as const).map((d) => ({ title: t(`dimension.${d}`), render: (_: unknown, m: Moved) => nameOf(d, m[d]) })),
  ]
}
