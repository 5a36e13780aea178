import { App, Input } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { memberFactsOf, type Member, type MemberFacts } from './members'

interface Props {
  customerId: number
  /** None for a new one. */
  member?: Member
  onSaved: () => void
  onClose: () => void
}

/** Takes a line in, or changes what is stated about one. Its phone and first day stay. */
export function MemberForm({ customerId, member, onSaved, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const required = { required: true, message: t('problem.input.required') }
  const beginning: MemberFacts = { phone: '', name: '', department: '', duty: '', shortNumber: '', joinedOn: dayjs().format('YYYY-MM-DD') }
  const fields: Field<MemberFacts>[] = [
    { name: 'phone', label: t('member.phone'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={40} inputMode="tel" /> },
    { name: 'name', label: t('member.name'), input: <Input maxLength={60} /> },
    { name: 'department', label: t('member.department'), input: <Input maxLength={60} /> },
    { name: 'duty', label: t('member.duty'), input: <Input maxLength={60} /> },
    { name: 'shortNumber', label: t('member.shortNumber'), help: t('member.shortNumberHelp'), input: <Input maxLength={8} inputMode="numeric" /> },
    { name: 'joinedOn', label: t('member.joinedOn'), rules: [required], input: <DateInput /> },
  ]
  return (
    <EditForm<Member, MemberFacts>
      name="member"
      record={member}
      initial={beginning}
      factsOf={memberFactsOf}
      fields={fields}
      locked={member ? ['phone', 'joinedOn'] : []}
      save={({ phone, joinedOn, ...facts }, version) =>
        member
          ? answer(province.PUT('/api/members/{id}', { params: { path: { id: member.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/customers/{id}/members', { params: { path: { id: customerId } }, body: { ...facts, phone, joinedOn } }))
      }
      onSaved={() => {
        void message.success(t(member ? 'record.saved' : 'record.created'))
        onSaved()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
