import { useQueryClient } from '@tanstack/react-query'
import { App, Input, Select } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { useReread } from '../overview/overview'
import { beginningOf, carriers, plans, trends, type Situation, type SituationFacts } from './situations'

interface Props {
  customerId: number
  newest?: Situation
  onClose: () => void
}

/** Notes how a customer's business goes. */
export default function SituationForm({ customerId, newest, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const reread = useReread(customerId)
  const beginning = beginningOf(newest, dayjs().format('YYYY-MM-DD'))
  const trend = <ChoiceInput options={trends.map((value) => ({ value, label: t(`situationTrend.${value}`) }))} />
  const months = Array.from({ length: 12 }, (_, i) => ({ value: i + 1, label: t('situation.month', { month: i + 1 }) }))
  const fields: Field<SituationFacts>[] = [
    { name: 'ofDay', label: t('situation.ofDay'), rules: [{ required: true, message: t('problem.input.required') }], input: <DateInput /> },
    { name: 'sales', label: t('situation.sales'), input: trend },
    { name: 'headcount', label: t('situation.headcount'), input: trend },
    {
      name: 'plan', label: t('situation.plan'),
      input: <ChoiceInput options={plans.map((value) => ({ value, label: t(`situationPlan.${value}`) }))} />,
    },
    {
      name: 'carrier', label: t('situation.carrier'),
      input: <ChoiceInput options={carriers.map((value) => ({ value, label: t(`situationCarrier.${value}`) }))} />,
    },
    { name: 'carrierUntil', label: t('situation.carrierUntil'), input: <DateInput /> },
    { name: 'supplier', label: t('situation.supplier'), input: <Input maxLength={120} /> },
    { name: 'supplierUntil', label: t('situation.supplierUntil'), input: <DateInput /> },
    { name: 'budgetMonth', label: t('situation.budgetMonth'), input: <ChoiceInput options={months} nothing={0} /> },
    { name: 'body', label: t('situation.body'), wide: true, input: <Input.TextArea rows={4} maxLength={2000} /> },
  ]
  return (
    <EditForm<Situation & { version: number }, SituationFacts>
      name="situation"
      initial={beginning}
      factsOf={() => beginning}
      fields={fields}
      // A note is never changed: it has one version.
      save={async (facts) => ({ ...(await answer(province.POST('/api/customers/{id}/situations', { params: { path: { id: customerId } }, body: facts }))), version: 1 })}
      onSaved={() => {
        void message.success(t('record.created'))
        void client.invalidateQueries({ queryKey: ['situations', customerId] })
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}

interface ChoiceProps<T> {
  id?: string
  value?: T
  onChange?: (value: T) => void
  options: { value: T; label: string }[]
  /** The value for the API where nothing is chosen; without it an empty text. */
  nothing?: T
  disabled?: boolean
}

/** A choice that can be left open, which is a value to the API too. */
function ChoiceInput<T extends string | number>({ value, onChange, nothing, ...select }: ChoiceProps<T>) {
  return <Select<T> {...select} allowClear value={value || undefined} onChange={(chosen: T | undefined) => onChange?.(chosen ?? nothing ?? ('' as T))} />
}
