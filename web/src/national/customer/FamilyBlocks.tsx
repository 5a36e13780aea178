import type { TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { DataTable } from '../../table/DataTable'
import type { CustomerDetail } from './customers'

type Contact = CustomerDetail['contacts'][number]
type Contract = CustomerDetail['contracts'][number]

// Headquarters takes whatever code a province sends, so one may be unknown here.
const named = (family: 'contactRole' | 'contractStatus', code: string) => textIfKnown(`${family}.${code}`, code)

export function ContactsBlock({ contacts }: { contacts: Contact[] }) {
  const { t } = useTranslation()
  const title = t('overview.contacts', { count: contacts.length })
  const columns: TableColumnsType<Contact> = [
    { title: t('contact.name'), dataIndex: 'name' },
    { title: t('contact.role'), render: (_, c) => named('contactRole', c.role) },
    { title: t('contact.workPhone'), render: (_, c) => c.workPhone || t('value.none') },
  ]
  return (
    <Block name="contacts" title={title}>
      <DataTable<Contact> label={title} rowKey="id" columns={columns} dataSource={contacts} />
    </Block>
  )
}

export function ContractsBlock({ contracts }: { contracts: Contract[] }) {
  const { t } = useTranslation()
  const { money, moneyUnit } = useFormats()
  const unit = moneyUnit(contracts.map((c) => c.amountFen))
  const title = t('overview.contracts', { count: contracts.length })
  const columns: TableColumnsType<Contract> = [
    { title: t('contract.number'), dataIndex: 'number' },
    { title: t('contract.name'), dataIndex: 'name' },
    { title: t('contract.status'), render: (_, c) => named('contractStatus', c.status) },
    {
      title: t('measure.in', { measure: t('contract.amount'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, c) => <span className="figure">{money(c.amountFen, unit)}</span>,
    },
    { title: t('contract.signedOn'), dataIndex: 'signedOn' },
    { title: t('contract.effectiveOn'), dataIndex: 'effectiveOn' },
    { title: t('contract.expiresOn'), dataIndex: 'expiresOn' },
  ]
  return (
    <Block name="contracts" title={title}>
      <DataTable<Contract> label={title} rowKey="id" columns={columns} dataSource={contracts} />
    </Block>
  )
}
