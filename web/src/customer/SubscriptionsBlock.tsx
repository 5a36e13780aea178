import type { TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block, type Freshness } from '../frame/Block'
import { useFormats } from '../language/formats'
import { textIfKnown } from '../language/language'
import { DataTable } from '../table/DataTable'
import { Mark, type Mood } from '../table/Mark'

/** A subscription as either level answers with it; headquarters takes whatever status a province sends. */
interface Subscription {
  id: number
  productCode: string
  productName: string
  status: string
  quantity: number
  monthlyFeeFen: number
  startedOn: string
  endedOn: string | null
}

const moods: Record<string, Mood> = {
  created: 'waiting', pendingActive: 'busy', active: 'good', suspended: 'warning', pendingTerminate: 'busy', aborted: 'bad',
}

/** What a customer subscribes to, as BOSS has stated it. */
export function SubscriptionsBlock({ subscriptions, freshness }: { subscriptions: Subscription[]; freshness?: Freshness }) {
  const { t } = useTranslation()
  const { integer, money, moneyUnit } = useFormats()
  const unit = moneyUnit(subscriptions.map((s) => s.monthlyFeeFen))
  const title = t('overview.subscriptions', { count: subscriptions.length })
  const columns: TableColumnsType<Subscription> = [
    { title: t('subscription.product'), dataIndex: 'productName' },
    { title: t('subscription.productCode'), dataIndex: 'productCode' },
    {
      title: t('subscription.status'),
      render: (_, s) => <Mark mood={moods[s.status] ?? 'neutral'}>{textIfKnown(`subscriptionStatus.${s.status}`, s.status)}</Mark>,
    },
    { title: t('subscription.quantity'), align: 'right', render: (_, s) => <span className="figure">{integer(s.quantity)}</span> },
    {
      title: t('measure.in', { measure: t('subscription.monthlyFee'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, s) => <span className="figure">{money(s.monthlyFeeFen, unit)}</span>,
    },
    { title: t('subscription.startedOn'), dataIndex: 'startedOn' },
    { title: t('subscription.endedOn'), render: (_, s) => s.endedOn || t('value.none') },
  ]
  return (
    <Block whole name="subscriptions" title={title} freshness={freshness}>
      <DataTable<Subscription> label={title} rowKey="id" columns={columns} dataSource={subscriptions} />
    </Block>
  )
}
