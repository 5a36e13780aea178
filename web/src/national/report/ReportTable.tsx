import type { TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useFormats, type MoneyUnit } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { useDimensionNames } from './dimensionNames'
import { behind, groupedBy, movementsBehind, type ReportRow, type ReportState } from './report'

interface Props {
  rows: ReportRow[]
  asked: ReportState
  unit: MoneyUnit
}

/** A report's rows. Each leads to what is behind it. */
export function ReportTable({ rows, asked, unit }: Props) {
  const groupBy = groupedBy(asked)
  const { t } = useTranslation()
  const { integer, money, growth } = useFormats()
  const nameOf = useDimensionNames()
  const figure = (text: string) => <span className="figure">{text}</span>
  const columns: TableColumnsType<ReportRow> = [
    ...groupBy.map((d) => ({
      title: t(`dimension.${d}`),
      render: (_: unknown, row: ReportRow) => nameOf(d, String(row[d] ?? '')),
    })),
    { title: t('measure.customers'), align: 'right', render: (_, r) => <Link to={behind(asked, r)} className="figure">{integer(r.customers)}</Link> },
    {
      title: t('measure.newCustomers'), align: 'right',
      render: (_, r) => <Link to={movementsBehind(asked, r, 'new')} className="figure">{integer(r.newCustomers)}</Link>,
    },
    {
      title: t('measure.lostCustomers'), align: 'right',
      render: (_, r) => <Link to={movementsBehind(asked, r, 'lost')} className="figure">{integer(r.lostCustomers)}</Link>,
    },
    { title: t('measure.members'), align: 'right', render: (_, r) => <Link to={behind(asked, r)} className="figure">{integer(r.members)}</Link> },
    {
      title: t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, r) => <Link to={behind(asked, r)} className="figure">{money(r.incomeFen, unit)}</Link>,
    },
    ...(['monthOnMonth', 'yearOnYear'] as const).map((against) => ({
      title: t('report.growth', { measure: t(`measure.${asked.measure}`), against: t(`measure.${against}`) }), align: 'right' as const,
      render: (_: unknown, r: ReportRow) => figure(growth(r[against][asked.measure])),
    })),
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
