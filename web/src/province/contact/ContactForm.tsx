import { App, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { contactRoles } from '../../reference/choices'
import { useReread } from '../overview/overview'
import { contactFactsOf, lockedFacts, type Contact, type ContactFacts } from './contacts'

interface Props {
  customerId: number
  /** None for a new one. */
  contact?: Contact
  onClose: () => void
}

const beginning: ContactFacts = {
  name: '', role: 'liaison', title: '', workPhone: '', mobile: '', birthday: '', family: '', hobbies: '',
}

export function ContactForm({ customerId, contact, onClose }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { message } = App.useApp()
  const reread = useReread(customerId)
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const mayPrivate = may('contact.private')
  const help = mayPrivate ? undefined : t('contact.masked')
  const fields: Field<ContactFacts>[] = [
    { name: 'name', label: t('contact.name'), rules: [required], input: <Input maxLength={60} /> },
    {
      name: 'role', label: t('contact.role'), show: (value) => t(`contactRole.${value as ContactFacts['role']}`),
      input: <Select options={contactRoles.map((value) => ({ value, label: t(`contactRole.${value}`) }))} />,
    },
    { name: 'title', label: t('contact.title'), input: <Input maxLength={60} /> },
    { name: 'workPhone', label: t('contact.workPhone'), input: <Input maxLength={40} inputMode="tel" /> },
    { name: 'mobile', label: t('contact.mobile'), help, input: <Input maxLength={40} inputMode="tel" /> },
    // A masked day is no day that a calendar could show.
    { name: 'birthday', label: t('contact.birthday'), help, input: contact?.masked ? <Input /> : <DateInput /> },
    { name: 'family', label: t('contact.family'), help, wide: true, input: <Input.TextArea rows={2} maxLength={500} /> },
    { name: 'hobbies', label: t('contact.hobbies'), help, wide: true, input: <Input.TextArea rows={2} maxLength={500} /> },
  ]
  return (
    <EditForm<Contact, ContactFacts>
      name="contact"
      record={contact}
      initial={beginning}
      factsOf={contactFactsOf}
      fields={fields}
      locked={lockedFacts(contact, mayPrivate)}
      save={(facts, version) =>
        contact
          ? answer(province.PUT('/api/contacts/{id}', { params: { path: { id: contact.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/customers/{id}/contacts', { params: { path: { id: customerId } }, body: facts }))
      }
      onSaved={() => {
        void message.success(t(contact ? 'record.saved' : 'record.created'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
