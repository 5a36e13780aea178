import { EditOutlined } from '@ant-design/icons'
import { App, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { useAmount } from '../../language/useAmount'
import { lifecycleMoods } from '../../reference/choices'
import { industryName } from '../../reference/industries'
import { Mark } from '../../table/Mark'
import { useCustomerFields, useLockedCustomerFields } from '../customer/customerFields'
import { factsOf, type Customer, type CustomerFacts } from '../customer/customers'
import { useLookAlikes } from '../customer/LookAlikes'
import { useReread, type Overview } from './overview'

/** What is known about the customer itself. */
export function CustomerBlock({ overview }: { overview: Overview }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { language } = useLanguage()
  const { integer, dateTime } = useFormats()
  const amount = useAmount()
  const [editing, setEditing] = useState(false)
  const { customer: c, manager } = overview
  const none = t('value.none')
  const yesNo = (value: boolean) => t(value ? 'value.yes' : 'value.no')
  const facts = {
    [t('customer.number')]: c.number,
    [t('customer.class')]: <strong data-testid="customer-class">{c.class}</strong>,
    [t('customer.lifecycle')]: <Mark mood={lifecycleMoods[c.lifecycle]}>{t(`lifecycle.${c.lifecycle}`)}</Mark>,
    [t('customer.manager')]: manager ? `${manager.name} · ${manager.departmentName} · ${manager.code}` : none,
    [t('customer.creditCode')]: c.creditCode || none,
    [t('customer.industry')]: `${c.industry} ${industryName(c.industry, language)}`,
    [t('customer.city')]: c.cityName,
    [t('customer.members')]: integer(overview.memberCount),
    [t('customer.legalPerson')]: c.legalPerson || none,
    [t('customer.headcount')]: c.headcount === null ? none : integer(c.headcount),
    [t('customer.registeredCapital')]: amount(c.registeredCapitalFen),
    [t('customer.annualSales')]: amount(c.annualSalesFen),
    [t('customer.organisationType')]: c.organisationType ? t(`organisationType.${c.organisationType}`) : none,
    [t('customer.licenceType')]: c.licenceType ? `${t(`licenceType.${c.licenceType}`)} ${c.licenceNumber}` : none,
    [t('customer.creditLevel')]: c.creditLevel || none,
    [t('customer.creditLimit')]: amount(c.creditLimitFen),
    [t('customer.address')]: [c.address, c.postcode].filter(Boolean).join(' ') || none,
    [t('customer.crossProvince')]: yesNo(c.crossProvince),
    [t('customer.keyAccount')]: c.keyAccount ? t('customer.keyAccountSince', { name: c.keyAccount, since: c.keyAccountSince }) : none,
    [t('customer.crossesProvinces')]: yesNo(c.crossesProvinces),
    [t('customer.sensitive')]: yesNo(c.sensitive),
    [t('customer.national')]: yesNo(c.national),
    [t('record.updatedAt')]: dateTime(c.updatedAt),
    [t('customer.profile')]: c.profile || none,
    [t('customer.remark')]: c.remark || none,
  }
  return (
    <Block
      whole
      name="customer"
      title={t('overview.customer')}
      freshness={overview.sources.customer}
      actions={
        may('customer.change') &&
        c.mergedInto === null && (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)} data-testid="customer-edit">
            {t('action.edit')}
          </Button>
        )
      }
    >
      <Facts facts={facts} />
      <SideForm title={t('customer.edit')} open={editing} onClose={() => setEditing(false)}>
        <CustomerForm overview={overview} onClose={() => setEditing(false)} />
      </SideForm>
    </Block>
  )
}

/** What a change states: the facts, and why the class is another one. */
type Stated = CustomerFacts & { classReason?: string }

function CustomerForm({ overview, onClose }: { overview: Overview; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { customer, parent, manager } = overview
  const reread = useReread(customer.id)
  const lookAlikes = useLookAlikes(customer)
  const known: Field<Stated>[] = useCustomerFields({ parent, manager, nameNote: lookAlikes.note })
  const reason: Field<Stated> = { name: 'classReason', label: t('customer.classReason'), input: <Input maxLength={500} /> }
  const fields = known.flatMap((field) => (field.name === 'class' ? [field, reason] : [field]))
  const locked: (keyof Stated)[] = useLockedCustomerFields()
  if (locked.includes('class')) locked.push('classReason')
  return (
    <EditForm<Customer, Stated>
      name="customer"
      record={customer}
      factsOf={(c) => ({ ...factsOf(c), classReason: '' })}
      fields={fields}
      locked={locked}
      save={(facts, version) =>
        answer(
          province.PUT('/api/customers/{id}', {
            params: { path: { id: customer.id }, query: { confirmed: lookAlikes.confirmed() } },
            body: { ...facts, version },
          }),
        )
      }
      onSaved={() => {
        void message.success(t('record.saved'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
