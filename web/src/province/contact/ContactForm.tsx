import { App, Input, Select, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { contactRoles } from '../../reference/choices'
import { useReread } from '../overview/overview'
import { contactFactsOf, lockedFacts, privateFacts, statedFacts, type Contact, type ContactFacts, type PersonalField } from './contacts'
import { attitudes, channels, decisionRoles, influences, type Influence } from './keyPersons'

interface Props {
  customerId: number
  /** None for a new one. */
  contact?: Contact
  onClose: () => void
}

const beginning: ContactFacts = {
  name: '', role: 'liaison', title: '', workPhone: '', email: '', mobile: '', birthday: '', family: '', hobbies: '',
  decisionRole: 'unstated', influence: 0, attitude: 'unknown', channel: 'any', hoursFrom: '', hoursTo: '', doNotContact: false,
}

export function ContactForm({ customerId, contact, onClose }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { message } = App.useApp()
  const reread = useReread(customerId)
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const mayPrivate = may('contact.private')
  const masked = (field: PersonalField) => contact?.masked.includes(field) ?? false
  // What is there and cannot be read is hinted at beside an empty input.
  const hint = (field: PersonalField) => (masked(field) ? contact?.[field] : undefined)
  const help = (field: PersonalField) => {
    if (!mayPrivate && privateFacts.some((name) => name === field)) return t('contact.notYours')
    return masked(field) ? t('contact.keptIfEmpty') : undefined
  }
  const fields: Field<ContactFacts>[] = [
    { name: 'name', label: t('contact.name'), rules: [required], input: <Input maxLength={60} /> },
    {
      name: 'role', label: t('contact.role'), show: (value) => t(`contactRole.${value as ContactFacts['role']}`),
      input: <Select options={contactRoles.map((value) => ({ value, label: t(`contactRole.${value}`) }))} />,
    },
    { name: 'title', label: t('contact.title'), input: <Input maxLength={60} /> },
    { name: 'workPhone', label: t('contact.workPhone'), help: help('workPhone'), input: <Input maxLength={40} inputMode="tel" placeholder={hint('workPhone')} /> },
    { name: 'mobile', label: t('contact.mobile'), help: help('mobile'), input: <Input maxLength={40} inputMode="tel" placeholder={hint('mobile')} /> },
    {
      name: 'email', label: t('contact.email'), help: help('email'),
      input: <Input type="email" maxLength={120} placeholder={hint('email')} />,
    },
    {
      name: 'decisionRole', label: t('contact.decisionRole'), show: (value) => t(`decisionRole.${value as ContactFacts['decisionRole']}`),
      input: <Select options={decisionRoles.map((value) => ({ value, label: t(`decisionRole.${value}`) }))} />,
    },
    {
      name: 'influence', label: t('contact.influence'), show: (value) => t(`influence.${value as Influence}`),
      input: <Select options={influences.map((value) => ({ value, label: t(`influence.${value}`) }))} />,
    },
    {
      name: 'attitude', label: t('contact.attitude'), show: (value) => t(`attitude.${value as ContactFacts['attitude']}`),
      input: <Select options={attitudes.map((value) => ({ value, label: t(`attitude.${value}`) }))} />,
    },
    {
      name: 'channel', label: t('contact.channel'), show: (value) => t(`channel.${value as ContactFacts['channel']}`),
      input: <Select options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))} />,
    },
    { name: 'hoursFrom', label: t('contact.hoursFrom'), input: <Input type="time" /> },
    { name: 'hoursTo', label: t('contact.hoursTo'), input: <Input type="time" /> },
    {
      name: 'doNotContact', label: t('contact.doNotContact'), valuePropName: 'checked', input: <Switch />,
      show: (value) => t(value ? 'value.yes' : 'value.no'),
    },
    {
      name: 'birthday', label: t('contact.birthday'), help: help('birthday'),
      // A masked day is no day that a calendar could show.
      input: masked('birthday') ? <Input placeholder={hint('birthday')} /> : <DateInput />,
    },
    {
      name: 'family', label: t('contact.family'), help: help('family'), wide: true,
      input: <Input.TextArea rows={2} maxLength={500} placeholder={hint('family')} />,
    },
    {
      name: 'hobbies', label: t('contact.hobbies'), help: help('hobbies'), wide: true,
      input: <Input.TextArea rows={2} maxLength={500} placeholder={hint('hobbies')} />,
    },
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
          ? answer(province.PUT('/api/contacts/{id}', { params: { path: { id: contact.id } }, body: { ...statedFacts(facts, contact), version } }))
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
