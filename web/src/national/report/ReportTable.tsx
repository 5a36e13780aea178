import type { TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useFormats, type MoneyUnit } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { useDimensionNames } from './dimensionNames'
import type { Dimension, ReportRow } from './report'

interface Props {
  rows: ReportRow[]
  groupBy: readonly Dimension[]
  unit: MoneyUnit
}

/** A report's rows. A province leads to its replicated customers, which are some of those counted. */
export function ReportTable({ rows, groupBy, unit }: Props) {
  const { t } = useTranslation()
  const { integer, money, growth } = useFormats()
  const nameOf = useDimensionNames()
  const figure = (text: string) => <span className="figure">{text}</span>
  const columns: TableColumnsType<ReportRow> = [
    ...groupBy.map((d) => ({
      title: t(`dimension.${d}`),
      render: (_: unknown, row: ReportRow) => {
        const name = nameOf(d, String(row[d] ?? ''))
        return d === 'province' ? <Link to={`/customers?province=${row.province}`}>{name}</Link> : name
      },
    })),
    { title: t('measure.customers'), align: 'right', render: (_, r) => figure(integer(r.customers)) },
    { title: t('measure.members'), align: 'right', render: (_, r) => figure(integer(r.members)) },
    {
      title: t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, r) => figure(money(r.incomeFen, unit)),
    },
    { title: t('measure.monthOnMonth'), align: 'right', render: (_, r) => figure(growth(r.monthOnMonth)) },
    { title: t('measure.yearOnYear'), align: 'right', render: (_, r) => figure(growth(r.yearOnYear)) },
  ]
  return (
    <DataTable<ReportRow>
      label={t('report.title')}
      rowKey={(r) => [r.month, r.province, r.city, r.class, r.industry].join('/')}
      columns={columns}
      dataSource={rows}
      pagination={rows.length > 50 ? { defaultPageSize: 50, pageSizeOptions: [50, 100, 200] } : false}
    />
  )
}
