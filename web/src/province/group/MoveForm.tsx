import { useQuery } from '@tanstack/react-query'
import { App, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { Loaded } from '../../frame/Outcome'
import { asOptions, classes } from '../../reference/choices'
import { factsOf, type Customer, type CustomerFacts } from '../customer/customers'
import { useReread } from '../overview/overview'
import { targetsOf } from './groups'

interface Props {
  by: 'class' | 'lifecycle'
  id: number
  /** The column that is chosen already. */
  to?: string
  onClose: () => void
}

/** Moves a customer to another column of a board: an ordinary change of the customer as it is now. */
export function MoveForm({ by, id, to, onClose }: Props) {
  const query = useQuery({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}', { params: { path: { id } }, signal })),
    gcTime: 0, // a form begins with what is stored now
  })
  return <Loaded query={query}>{(customer) => <CustomerMove by={by} customer={customer} to={to} onClose={onClose} />}</Loaded>
}

/** What a change states: the facts, and why the class is another one. */
type Stated = CustomerFacts & { classReason: string }

const statedOf = (customer: Customer): Stated => ({ ...factsOf(customer), classReason: '' })

function CustomerMove({ by, customer, to, onClose }: Omit<Props, 'id'> & { customer: Customer }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useReread(customer.id)
  const stageName = (stage: Customer['lifecycle']) => t(`lifecycle.${stage}`)
  const elsewhere = {
    validator: (_: unknown, value: unknown) => (value === customer[by] ? Promise.reject(new Error(t('board.same'))) : Promise.resolve()),
  }
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const fields: Field<Stated>[] =
    by === 'class'
      ? [
          { name: 'class', label: t('customer.class'), rules: [elsewhere], input: <Select showSearch options={asOptions(classes)} /> },
          { name: 'classReason', label: t('customer.classReason'), rules: [required], input: <Input maxLength={500} /> },
        ]
      : [
          {
            name: 'lifecycle', label: t('customer.lifecycle'), rules: [elsewhere], show: (value) => stageName(value as Customer['lifecycle']),
            input: (
              <Select
                showSearch={{ optionFilterProp: 'label' }}
                options={[customer.lifecycle, ...customer.nextLifecycles].map((value) => ({ value, label: stageName(value) }))}
              />
            ),
          },
        ]
  const others = (Object.keys(statedOf(customer)) as (keyof Stated)[]).filter((name) => !fields.some((f) => f.name === name))
  return (
    <EditForm<Customer, Stated>
      name="move"
      record={customer}
      changed={to && targetsOf(by, customer).includes(to) ? { [by]: to } : undefined} // it may have been moved meanwhile
      factsOf={statedOf}
      fields={fields}
      locked={others}
      save={(facts, version) => answer(province.PUT('/api/customers/{id}', { params: { path: { id: customer.id } }, body: { ...facts, version } }))}
      onSaved={() => {
        void message.success(t('record.saved'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
