import { App, Input, Select, Switch } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { writeMoney } from '../../edit/money'
import { MoneyInput, readable } from '../../edit/MoneyInput'
import { contractStatuses } from '../../reference/choices'
import { useReread } from '../overview/overview'
import { contractFactsOf, renewalOf, type Contract, type ContractFacts } from './contracts'

interface Props {
  customerId: number
  /** None for a new one. */
  contract?: Contract
  /** What a new one renews. */
  renews?: Contract
  onClose: () => void
}

export function ContractForm({ customerId, contract, renews, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useReread(customerId)
  const required = { required: true, message: t('problem.input.required') }
  const yuan = t('unit.yuan')
  const today = dayjs()
  const beginning: ContractFacts = renews ? renewalOf(renews, today.format('YYYY-MM-DD')) : {
    number: '', name: '', status: 'draft', amountFen: 0, autoRenew: false,
    signedOn: today.format('YYYY-MM-DD'), effectiveOn: today.format('YYYY-MM-DD'),
    expiresOn: today.add(1, 'year').subtract(1, 'day').format('YYYY-MM-DD'),
  }
  const fields: Field<ContractFacts>[] = [
    { name: 'number', label: t('contract.number'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={40} /> },
    { name: 'name', label: t('contract.name'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={120} /> },
    {
      name: 'status', label: t('contract.status'), show: (value) => t(`contractStatus.${value as ContractFacts['status']}`),
      input: <Select options={contractStatuses.map((value) => ({ value, label: t(`contractStatus.${value}`) }))} />,
    },
    {
      name: 'amountFen', label: t('contract.amount'), rules: [required, readable(t('problem.amount.format'))],
      show: (value) => `${writeMoney(value as number, 2)} ${yuan}`, input: <MoneyInput places={2} unit={yuan} />,
    },
    { name: 'signedOn', label: t('contract.signedOn'), rules: [required], input: <DateInput /> },
    {
      name: 'effectiveOn', label: t('contract.effectiveOn'), rules: [required], input: <DateInput />,
      help: renews && t('contract.renewalHelp'),
    },
    { name: 'expiresOn', label: t('contract.expiresOn'), rules: [required], input: <DateInput /> },
    {
      name: 'autoRenew', label: t('contract.autoRenew'), show: (value) => t(value ? 'value.yes' : 'value.no'), valuePropName: 'checked',
      input: <Switch />,
    },
  ]
  return (
    <EditForm<Contract, ContractFacts>
      name="contract"
      record={contract}
      initial={beginning}
      factsOf={contractFactsOf}
      fields={fields}
      save={(facts, version) => {
        if (contract) return answer(province.PUT('/api/contracts/{id}', { params: { path: { id: contract.id } }, body: { ...facts, version } }))
        if (renews) return answer(province.POST('/api/contracts/{id}/renewal', { params: { path: { id: renews.id } }, body: facts }))
        return answer(province.POST('/api/customers/{id}/contracts', { params: { path: { id: customerId } }, body: facts }))
      }}
      onSaved={() => {
        void message.success(t(contract ? 'record.saved' : 'record.created'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
