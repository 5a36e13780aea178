import { Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Block } from '../../frame/Block'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { cityName } from '../../reference/regions'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import type { Trial } from './policies'

/** What a version would move, as the newest dry run counted it. */
export function TrialBlock({ trial }: { trial: Trial }) {
  const { t } = useTranslation()
  const { integer, dateTime, bytes } = useFormats()
  const figure = (value: number) => <span className="figure">{integer(value)}</span>
  const sides = [
    { title: t('trial.enter'), align: 'right', render: (_: unknown, r: { enter: number }) => figure(r.enter) },
    { title: t('trial.leave'), align: 'right', render: (_: unknown, r: { leave: number }) => figure(r.leave) },
  ] as const
  const cells: TableColumnsType<Trial['cells'][number]> = [
    { title: t('customer.class'), dataIndex: 'class' },
    { title: t('customer.city'), render: (_, c) => cityName(c.city) },
    ...sides,
  ]
  const rows: TableColumnsType<Trial['rows'][number]> = [
    { title: t('trial.table'), render: (_, r) => textIfKnown(`trialTable.${r.table.replace('crm.', '')}`, r.table) },
    ...sides,
  ]
  const sample: TableColumnsType<Trial['sample'][number]> = [
    { title: t('customer.number'), render: (_, m) => <Link to={`/customers/${m.id}`}>{m.number}</Link> },
    { title: t('customer.name'), dataIndex: 'name' },
    { title: t('customer.class'), dataIndex: 'class' },
    { title: t('customer.city'), render: (_, m) => cityName(m.city) },
    { title: t('trial.direction'), render: (_, m) => <Mark mood={m.enters ? 'good' : 'warning'}>{t(m.enters ? 'trial.enters' : 'trial.leaves')}</Mark> },
    { title: t('trial.clause'), render: (_, m) => textIfKnown(`selectionClause.${m.clause}`, m.clause) },
  ]
  return (
    <Block name="policy-trial" title={t('trial.title')}>
      <p data-testid="trial-customers" data-enter={trial.customers.enter} data-leave={trial.customers.leave}>
        {t('trial.customers', { enter: integer(trial.customers.enter), leave: integer(trial.customers.leave), stay: integer(trial.stay) })}{' '}
        {t('trial.bytes', { size: bytes(trial.bytes) })}{' '}
        <Typography.Text type="secondary">{t('trial.at', { time: dateTime(trial.at) })}</Typography.Text>
      </p>
      <DataTable<Trial['rows'][number]> label={t('trial.rows')} size="small" rowKey="table" columns={rows} dataSource={trial.rows} />
      <DataTable<Trial['cells'][number]>
        label={t('trial.cells')}
        size="small"
        rowKey={(c) => `${c.class}/${c.city}`}
        columns={cells}
        dataSource={trial.cells}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
      />
      <DataTable<Trial['sample'][number]> label={t('trial.sample')} size="small" rowKey="id" columns={sample} dataSource={trial.sample} />
    </Block>
  )
}
