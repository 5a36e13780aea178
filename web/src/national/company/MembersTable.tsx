import { Typography } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { useAmount } from '../../language/useAmount'
import { industryName } from '../../reference/industries'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { LifecycleMark } from '../customer/LifecycleMark'
import { growthOf, type CompanyDetail, type Member } from './companies'

interface Field {
  /** As the node names it. */
  name: string
  title: string
  value: (m: Member) => ReactNode
}

/** What is compared, in the order of reading. */
export function useMemberFields(): Field[] {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { integer, growth, dateTime } = useFormats()
  const amount = useAmount()
  const none = t('value.none')
  const counted = (count: number, fen: number) => `${integer(count)} · ${amount(fen)}`
  return [
    { name: 'name', title: t('customer.name'), value: (m) => <Link to={`/customers/${m.province}/${m.id}`}>{m.name || m.number}</Link> },
    { name: 'number', title: t('customer.number'), value: (m) => m.number },
    { name: 'class', title: t('customer.class'), value: (m) => <strong>{m.class}</strong> },
    { name: 'lifecycle', title: t('customer.lifecycle'), value: (m) => <LifecycleMark lifecycle={m.lifecycle} /> },
    { name: 'city', title: t('customer.city'), value: (m) => m.cityName || m.city },
    { name: 'industry', title: t('customer.industry'), value: (m) => industryName(m.industry, language) },
    { name: 'legalPerson', title: t('customer.legalPerson'), value: (m) => m.legalPerson || none },
    { name: 'registeredCapitalFen', title: t('customer.registeredCapital'), value: (m) => amount(m.registeredCapitalFen) },
    { name: 'headcount', title: t('customer.headcount'), value: (m) => (m.headcount === null ? none : integer(m.headcount)) },
    { name: 'annualSalesFen', title: t('customer.annualSales'), value: (m) => amount(m.annualSalesFen) },
    { name: 'decisionMaker', title: t('company.decisionMaker'), value: (m) => m.decisionMaker || none },
    { name: 'contracts', title: t('company.contracts'), value: (m) => counted(m.contracts, m.contractFen) },
    { name: 'nextExpiry', title: t('company.nextExpiry'), value: (m) => m.nextExpiry || none },
    { name: 'subscriptions', title: t('company.subscriptions'), value: (m) => counted(m.subscriptions, m.monthlyFeeFen) },
    { name: 'incomeFen', title: t('company.incomeYear'), value: (m) => amount(m.incomeFen) },
    { name: 'growth', title: t('company.incomeGrowth'), value: (m) => growth(growthOf(m.incomeFen, m.yearBeforeFen)) },
    { name: 'arrearsFen', title: t('company.arrears'), value: (m) => amount(m.arrearsFen) },
    { name: 'dataTime', title: t('company.dataTime'), value: (m) => dateTime(m.dataTime) },
  ]
}

/** A row for each field and a column for each customer. */
export function MembersTable({ company }: { company: CompanyDetail }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const fields = useMemberFields()
  return (
    <DataTable<Field>
      label={t('company.sideBySide')}
      rowKey="name"
      dataSource={fields}
      columns={[
        {
          title: t('difference.columns'), fixed: 'left',
          render: (_, field) => (
            <div style={{ maxWidth: 130, whiteSpace: 'normal' }}>
              <Typography.Text strong>{field.title}</Typography.Text>{' '}
              {company.differing.includes(field.name) && <Mark mood="warning">{t('company.differs')}</Mark>}
            </div>
          ),
        },
        ...company.members.map((m) => ({
          title: provinceName(m.province, language),
          key: `${m.province}/${m.id}`,
          render: (_: unknown, field: Field) => (
            <div style={{ minWidth: 130, maxWidth: 260, whiteSpace: 'normal' }} data-testid={`company-${field.name}-${m.province}`}>
              {field.value(m)}
            </div>
          ),
        })),
      ]}
    />
  )
}
