import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block, type Freshness } from '../../frame/Block'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark, type Mood } from '../../table/Mark'
import { ContractForm } from './ContractForm'
import type { Contract } from './contracts'

interface Props {
  customerId: number
  contracts: Contract[]
  freshness?: Freshness
}

const moods: Record<Contract['status'], Mood> = { draft: 'waiting', active: 'good', expired: 'warning', terminated: 'neutral' }

/** The contracts with a customer. */
export function ContractsBlock({ customerId, contracts, freshness }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { money, moneyUnit } = useFormats()
  const [edited, setEdited] = useState<Contract | 'new'>()
  const close = () => setEdited(undefined)
  const change = may('contract.change')
  const unit = moneyUnit(contracts.map((c) => c.amountFen))
  const title = t('overview.contracts', { count: contracts.length })
  const columns: TableColumnsType<Contract> = [
    { title: t('contract.number'), dataIndex: 'number' },
    { title: t('contract.name'), dataIndex: 'name' },
    { title: t('contract.status'), render: (_, c) => <Mark mood={moods[c.status]}>{t(`contractStatus.${c.status}`)}</Mark> },
    {
      title: t('measure.in', { measure: t('contract.amount'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, c) => <span className="figure">{money(c.amountFen, unit)}</span>,
    },
    { title: t('contract.signedOn'), dataIndex: 'signedOn' },
    { title: t('contract.effectiveOn'), dataIndex: 'effectiveOn' },
    { title: t('contract.expiresOn'), dataIndex: 'expiresOn' },
    { title: t('contract.autoRenew'), render: (_, c) => t(c.autoRenew ? 'value.yes' : 'value.no') },
    ...(change
      ? [{
          title: t('list.actions'),
          render: (_: unknown, c: Contract) => (
            <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setEdited(c)} data-testid={`contract-edit-${c.id}`}>
              {t('action.edit')}
            </Button>
          ),
        }]
      : []),
  ]
  return (
    <Block
      whole
      name="contracts"
      title={title}
      freshness={freshness}
      actions={
        change && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="contract-new">
            {t('contract.new')}
          </Button>
        )
      }
    >
      <DataTable<Contract>
        label={title}
        rowKey="id"
        columns={columns}
        dataSource={contracts}
        onRow={(c) => ({ 'data-testid': `contract-row-${c.number}` }) as object}
      />
      <SideForm title={t(edited === 'new' ? 'contract.new' : 'contract.edit')} open={edited !== undefined} onClose={close}>
        <ContractForm customerId={customerId} contract={edited === 'new' ? undefined : edited} onClose={close} />
      </SideForm>
    </Block>
  )
}
