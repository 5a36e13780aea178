import { useQueryClient } from '@tanstack/react-query'
import { App, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { useReread } from '../overview/overview'
import { wishFactsOf, wishKinds, wishStatuses, type Wish, type WishFacts } from './wishes'

interface Props {
  customerId: number
  /** None for a new one. */
  wish?: Wish
  /** Who is in charge of the customer answers, others in its team note what is wished. */
  inCharge: boolean
  onClose: () => void
}

/** Enters what a customer wishes for, or what it was answered. */
export default function WishForm({ customerId, wish, inCharge, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const reread = useReread(customerId)
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const fields: Field<WishFacts>[] = [
    {
      name: 'kind', label: t('wish.kind'), show: (value) => t(`wishKind.${value as Wish['kind']}`),
      input: <Select options={wishKinds.map((value) => ({ value, label: t(`wishKind.${value}`) }))} />,
    },
    { name: 'wantedOn', label: t('wish.wantedOn'), input: <DateInput /> },
    { name: 'body', label: t('wish.body'), rules: [required], wide: true, input: <Input.TextArea rows={3} maxLength={1000} /> },
    {
      name: 'status', label: t('wish.status'), show: (value) => t(`wishStatus.${value as Wish['status']}`),
      input: <Select options={wishStatuses.map((value) => ({ value, label: t(`wishStatus.${value}`) }))} />,
    },
    { name: 'answer', label: t('wish.answer'), help: t('wish.answerHelp'), wide: true, input: <Input.TextArea rows={3} maxLength={1000} /> },
  ]
  return (
    <EditForm<Wish, WishFacts>
      name="wish"
      record={wish}
      initial={{ kind: 'product', body: '', wantedOn: '', status: 'open', answer: '' }}
      factsOf={wishFactsOf}
      fields={fields}
      locked={inCharge ? [] : ['status', 'answer']}
      save={(facts, version) =>
        wish
          ? answer(province.PUT('/api/wishes/{id}', { params: { path: { id: wish.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/customers/{id}/wishes', { params: { path: { id: customerId } }, body: facts }))
      }
      onSaved={() => {
        void message.success(t(wish ? 'record.saved' : 'record.created'))
        void client.invalidateQueries({ queryKey: ['wishes', customerId] })
        void client.invalidateQueries({ queryKey: ['wish-list'] })
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
