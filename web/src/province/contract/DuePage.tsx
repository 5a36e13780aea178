import { useQuery } from '@tanstack/react-query'
import { Button, Card, Segmented, Space, Statistic, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useAmount } from '../../language/useAmount'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { choice, text, useUrlState } from '../../urlstate/urlState'

type Due = components['schemas']['ContractDueView']

const steps = ['30', '60', '90'] as const
const parts = { days: choice(steps, '90'), after: text }

/** Which contracts end soon, and what they amount to. */
export default function DuePage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const amount = useAmount()
  const [state, change] = useUrlState(parts)
  const query = useQuery({
    queryKey: ['contracts-due', state.days, state.after],
    queryFn: ({ signal }) =>
      answer(province.GET('/api/contracts/due', { params: { query: { days: Number(state.days), after: state.after || undefined } }, signal })),
  })
  return (
    <>
      <PageHead title={t('contractDue.title')}>
        <Segmented
          aria-label={t('contractDue.title')}
          value={state.days}
          onChange={(days) => change({ days, after: '' })}
          options={steps.map((value) => ({ value, label: t('contractDue.within', { days: value }) }))}
          data-testid="due-days"
        />
      </PageHead>
      <Loaded query={query}>
        {(page) => (
          <>
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, marginBottom: 12 }}>
              {page.sums.map((sum) => (
                <Card key={sum.days} size="small" data-testid={`due-sum-${sum.days}`}>
                  <Statistic
                    title={t('contractDue.within', { days: sum.days })}
                    value={amount(sum.amountFen)}
                    suffix={<span style={{ fontSize: 14 }}>{t('contractDue.count', { count: integer(sum.contracts) as never })}</span>}
                  />
                </Card>
              ))}
            </div>
            <Card size="small">
              <DueTable items={page.items} />
              <Space style={{ marginTop: 12 }}>
                {state.after !== '' && (
                  <Button onClick={() => change({ after: '' })} data-testid="due-first">
                    {t('contractDue.first')}
                  </Button>
                )}
                {page.next !== '' && (
                  <Button onClick={() => change({ after: page.next })} data-testid="due-next">
                    {t('contractDue.next')}
                  </Button>
                )}
              </Space>
            </Card>
          </>
        )}
      </Loaded>
    </>
  )
}

function DueTable({ items }: { items: Due[] }) {
  const { t } = useTranslation()
  const { money, moneyUnit, dateTime } = useFormats()
  const unit = moneyUnit(items.map((d) => d.amountFen))
  const columns: TableColumnsType<Due> = [
    { title: t('contract.expiresOn'), render: (_, d) => <span className="figure">{d.expiresOn}</span> },
    {
      title: t('contractDue.daysLeft'), align: 'right',
      render: (_, d) => <Mark mood={d.step === 30 ? 'bad' : d.step === 60 ? 'warning' : 'waiting'}>{String(d.daysLeft)}</Mark>,
    },
    { title: t('customer.name'), render: (_, d) => <Link to={`/customers/${d.customerId}`}>{d.customerName}</Link> },
    { title: t('contract.number'), dataIndex: 'number' },
    { title: t('contract.name'), dataIndex: 'name' },
    {
      title: t('measure.in', { measure: t('contract.amount'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, d) => <span className="figure">{money(d.amountFen, unit)}</span>,
    },
    { title: t('customer.manager'), render: (_, d) => d.managerName || t('value.none') },
    {
      title: t('contractDue.renewal'),
      render: (_, d) => (d.renewedBy ? t('contractDue.drafted', { number: d.renewedBy }) : t(d.autoRenew ? 'contractDue.auto' : 'value.none')),
    },
    { title: t('contractDue.noticed'), render: (_, d) => (d.noticedAt ? dateTime(d.noticedAt) : t('value.none')) },
  ]
  return (
    <DataTable<Due>
      label={t('contractDue.title')}
      rowKey="id"
      columns={columns}
      dataSource={items}
      onRow={(d) => ({ 'data-testid': `due-row-${d.number}` }) as object}
    />
  )
}
