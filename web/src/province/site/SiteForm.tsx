import { App, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { cityName, cityOptions } from '../../reference/regions'
import type { Contact } from '../contact/contacts'
import { useReread } from '../overview/overview'
import { siteFactsOf, siteKinds, type Site, type SiteFacts } from './sites'

interface Props {
  customerId: number
  /** Of the customer, among whom is who is to be asked. */
  contacts: Contact[]
  /** None for a new one. */
  site?: Site
  onClose: () => void
}

const beginning: SiteFacts = { name: '', kind: 'branch', city: '', district: '', street: '', contactId: null, openedOn: '', closedOn: '' }

export function SiteForm({ customerId, contacts, site, onClose }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useReread(customerId)
  const required = { required: true, message: t('problem.input.required') }
  const fields: Field<SiteFacts>[] = [
    { name: 'name', label: t('site.name'), wide: true, rules: [{ ...required, whitespace: true }], input: <Input maxLength={120} /> },
    {
      name: 'kind', label: t('site.kind'), show: (value) => t(`siteKind.${value as SiteFacts['kind']}`),
      input: <Select options={siteKinds.map((value) => ({ value, label: t(`siteKind.${value}`) }))} />,
    },
    {
      name: 'city', label: t('site.city'), rules: [required], show: (value) => cityName(String(value)),
      input: <Select showSearch={{ optionFilterProp: 'label' }} options={cityOptions([])} />,
    },
    { name: 'district', label: t('site.district'), input: <Input maxLength={60} /> },
    { name: 'street', label: t('site.street'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={200} /> },
    {
      name: 'contactId', label: t('site.contact'), show: (value) => contacts.find((c) => c.id === value)?.name ?? '',
      input: <Select allowClear options={contacts.map((c) => ({ value: c.id, label: c.name }))} />,
    },
    { name: 'openedOn', label: t('site.openedOn'), help: t('site.openedOnHelp'), input: <DateInput /> },
    { name: 'closedOn', label: t('site.closedOn'), help: t('site.closedOnHelp'), input: <DateInput /> },
  ]
  return (
    <EditForm<Site, SiteFacts>
      name="site"
      record={site}
      initial={beginning}
      factsOf={siteFactsOf}
      fields={fields}
      save={(facts, version) =>
        site
          ? answer(province.PUT('/api/sites/{id}', { params: { path: { id: site.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/customers/{id}/sites', { params: { path: { id: customerId } }, body: facts }))
      }
      onSaved={() => {
        void message.success(t(site ? 'record.saved' : 'record.created'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
