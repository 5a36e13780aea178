import { Input, InputNumber, Select, Switch } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import type { Field } from '../../edit/field'
import { writeMoney } from '../../edit/money'
import { MoneyInput, readable } from '../../edit/MoneyInput'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes, lifecycles } from '../../reference/choices'
import { divisionOptions, industryName } from '../../reference/industries'
import { cityName, cityOptions } from '../../reference/regions'
import { CustomerSelect } from './CustomerSelect'
import { creditLevels, licenceTypes, organisationTypes, type CustomerFacts } from './customers'
import { ManagerSelect } from './ManagerSelect'

interface Surroundings {
  /** Of the parent and the manager, as far as they are known. */
  parent?: { id: number; name: string } | null
  manager?: { id: number; name: string } | null
  /** Stands below the name. */
  nameNote?: ReactNode
}

const tenThousands = 6 // ten thousand yuan are 10^6 fen

/** The fields of a customer's form. */
export function useCustomerFields({ parent, manager, nameNote }: Surroundings): Field<CustomerFacts>[] {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { session } = useSession()
  const required = { required: true, message: t('problem.input.required') }
  const named = (known: { id: number; name: string } | null | undefined) => (value: unknown) =>
    value == null ? '' : value === known?.id ? known.name : `#${String(value)}`
  const yesNo = (value: unknown) => t(value ? 'value.yes' : 'value.no')
  const inTenThousands = (value: unknown) => (value == null ? '' : `${writeMoney(value as number, tenThousands)} ${t('unit.tenThousandYuan')}`)
  const amount = {
    input: <MoneyInput places={tenThousands} unit={t('unit.tenThousandYuan')} />,
    rules: [readable(t('problem.amount.format'))],
    show: inTenThousands,
  }
  const none = { value: '', label: t('value.none') }
  return [
    {
      name: 'name', label: t('customer.name'), wide: true, rules: [{ ...required, whitespace: true }],
      input: <Input maxLength={120} />, help: nameNote,
    },
    { name: 'creditCode', label: t('customer.creditCode'), help: t('customer.creditCodeHelp'), input: <Input maxLength={40} /> },
    {
      name: 'industry', label: t('customer.industry'), rules: [required], show: (value) => industryName(String(value), language),
      input: <Select showSearch={{ optionFilterProp: 'label' }} options={divisionOptions(language)} />,
    },
    {
      name: 'city', label: t('customer.city'), rules: [required], show: (value) => cityName(String(value)),
      input: <Select showSearch={{ optionFilterProp: 'label' }} options={cityOptions([session.node.province])} />,
    },
    { name: 'class', label: t('customer.class'), rules: [required], input: <Select options={asOptions(classes)} /> },
    {
      name: 'lifecycle', label: t('customer.lifecycle'), rules: [required], show: (value) => t(`lifecycle.${value as CustomerFacts['lifecycle']}`),
      input: <Select options={lifecycles.map((value) => ({ value, label: t(`lifecycle.${value}`) }))} />,
    },
    { name: 'managerId', label: t('customer.manager'), show: named(manager), input: <ManagerSelect /> },
    { name: 'parentId', label: t('customer.parent'), show: named(parent), input: <CustomerSelect known={parent} /> },
    { name: 'legalPerson', label: t('customer.legalPerson'), input: <Input maxLength={60} /> },
    { name: 'headcount', label: t('customer.headcount'), input: <InputNumber min={0} max={2_000_000_000} precision={0} style={{ width: '100%' }} /> },
    { name: 'registeredCapitalFen', label: t('customer.registeredCapital'), ...amount },
    { name: 'annualSalesFen', label: t('customer.annualSales'), ...amount },
    {
      name: 'organisationType', label: t('customer.organisationType'),
      show: (value) => value ? t(`organisationType.${value as (typeof organisationTypes)[number]}`) : '',
      input: <Select options={[none, ...organisationTypes.map((value) => ({ value, label: t(`organisationType.${value}`) }))]} />,
    },
    {
      name: 'licenceType', label: t('customer.licenceType'),
      show: (value) => value ? t(`licenceType.${value as (typeof licenceTypes)[number]}`) : '',
      input: <Select options={[none, ...licenceTypes.map((value) => ({ value, label: t(`licenceType.${value}`) }))]} />,
    },
    { name: 'licenceNumber', label: t('customer.licenceNumber'), input: <Input maxLength={40} /> },
    { name: 'creditLevel', label: t('customer.creditLevel'), input: <Select options={[none, ...asOptions(creditLevels)]} /> },
    { name: 'creditLimitFen', label: t('customer.creditLimit'), ...amount },
    { name: 'address', label: t('customer.address'), wide: true, input: <Input maxLength={200} /> },
    { name: 'postcode', label: t('customer.postcode'), input: <Input maxLength={6} inputMode="numeric" /> },
    { name: 'crossProvince', label: t('customer.crossProvince'), show: yesNo, valuePropName: 'checked', input: <Switch /> },
    {
      name: 'sensitive', label: t('customer.sensitive'), help: t('customer.sensitiveHelp'), show: yesNo, valuePropName: 'checked',
      input: <Switch />,
    },
    { name: 'profile', label: t('customer.profile'), wide: true, input: <Input.TextArea rows={3} maxLength={20000} /> },
    { name: 'remark', label: t('customer.remark'), wide: true, input: <Input.TextArea rows={3} maxLength={2000} /> },
  ]
}

/** The fields that only some may decide. */
export function useLockedCustomerFields(): (keyof CustomerFacts)[] {
  const { may } = useSession()
  const locked: (keyof CustomerFacts)[] = []
  if (!may('customer.classify')) locked.push('class')
  if (!may('customer.assign')) locked.push('managerId')
  if (!may('customer.sensitive')) locked.push('sensitive')
  if (!may('customer.credit')) locked.push('creditLevel', 'creditLimitFen')
  return locked
}
