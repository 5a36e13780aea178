import { Empty, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { ChartOrTable } from '../chart/ChartOrTable'
import { Block, type Freshness } from '../frame/Block'
import { useFormats } from '../language/formats'
import { DataTable } from '../table/DataTable'

/** A bill as either level answers with it. */
interface Bill {
  month: string
  amountFen: number
  paidFen: number
}

/** The monthly bills, as billing has stated them. */
export function BillsBlock({ bills, freshness }: { bills: Bill[]; freshness?: Freshness }) {
  const { t } = useTranslation()
  const { money, moneyUnit } = useFormats()
  const unit = moneyUnit(bills.flatMap((b) => [b.amountFen, b.paidFen]))
  const title = t('measure.in', { measure: t('overview.bills'), unit: t(`unit.${unit.name}`) })
  const columns: TableColumnsType<Bill> = [
    { title: t('bill.month'), dataIndex: 'month' },
    { title: t('bill.amount'), align: 'right', render: (_, b) => <span className="figure">{money(b.amountFen, unit)}</span> },
    { title: t('bill.paid'), align: 'right', render: (_, b) => <span className="figure">{money(b.paidFen, unit)}</span> },
  ]
  const oldestFirst = bills.toReversed()
  return (
    <Block whole name="bills" title={title} freshness={freshness}>
      {bills.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />
      ) : (
        <ChartOrTable
          name="bills"
          chart={{
            title,
            categories: oldestFirst.map((b) => b.month),
            series: [
              { name: t('bill.amount'), values: oldestFirst.map((b) => b.amountFen / unit.fen) },
              { name: t('bill.paid'), values: oldestFirst.map((b) => b.paidFen / unit.fen) },
            ],
          }}
          table={<DataTable<Bill> label={title} rowKey="month" columns={columns} dataSource={bills} />}
        />
      )}
    </Block>
  )
}
