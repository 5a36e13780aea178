import { useQuery } from '@tanstack/react-query'
import { Empty, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { BillsBlock } from '../../customer/BillsBlock'
import { SubscriptionsBlock } from '../../customer/SubscriptionsBlock'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { useAmount } from '../../language/useAmount'
import { industryName } from '../../reference/industries'
import { provinceName } from '../../reference/provinces'
import { customerQuery, type CustomerDetail, type Related } from './customers'
import { ContactsBlock, ContractsBlock } from './FamilyBlocks'
import { LifecycleMark } from './LifecycleMark'

/** A replicated customer with its family, as its province has sent it. */
export default function CustomerPage() {
  const { province = '', id = '' } = useParams()
  if (!/^[1-9]\d*$/.test(province) || !/^[1-9]\d*$/.test(id)) return <UnknownPage />
  return <CustomerOf key={`${province}/${id}`} province={Number(province)} id={Number(id)} />
}

function CustomerOf({ province, id }: { province: number; id: number }) {
  const query = useQuery(customerQuery(province, id))
  return <Loaded query={query}>{(detail) => <Blocks detail={detail} />}</Loaded>
}

function Blocks({ detail }: { detail: CustomerDetail }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  const { customer: c, source } = detail
  return (
    <div data-testid="customer" data-version={c.version}>
      <PageHead title={c.name} note={t('customer.numbered', { number: c.number })} />
      <Typography.Paragraph type="secondary" data-testid="customer-source">
        {t('customer.replicatedFrom', {
          province: provinceName(c.province, language, c.provinceName), time: dateTime(source.dataTime), position: source.lsn || t('value.none'),
        })}
      </Typography.Paragraph>
      <div className="stack">
        <FactsBlock detail={detail} />
        <ContactsBlock contacts={detail.contacts} />
        <ContractsBlock contracts={detail.contracts} />
        <SubscriptionsBlock subscriptions={detail.subscriptions} />
        <BillsBlock bills={detail.bills} />
        <RelativesBlock detail={detail} />
      </div>
    </div>
  )
}

function FactsBlock({ detail: { customer: c } }: { detail: CustomerDetail }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { integer, dateTime } = useFormats()
  const amount = useAmount()
  const none = t('value.none')
  const facts = {
    [t('customer.number')]: c.number,
    [t('customer.class')]: <strong data-testid="customer-class">{c.class}</strong>,
    [t('customer.lifecycle')]: <LifecycleMark lifecycle={c.lifecycle} />,
    [t('customer.creditCode')]: c.creditCode ? <Link to={`/companies/${c.creditCode}`}>{c.creditCode}</Link> : none,
    [t('customer.industry')]: `${c.industry} ${industryName(c.industry, language)}`,
    [t('customer.city')]: c.cityName,
    [t('customer.legalPerson')]: c.legalPerson || none,
    [t('customer.headcount')]: c.headcount === null ? none : integer(c.headcount),
    [t('customer.registeredCapital')]: amount(c.registeredCapitalFen),
    [t('customer.annualSales')]: amount(c.annualSalesFen),
    [t('customer.address')]: [c.address, c.postcode].filter(Boolean).join(' ') || none,
    [t('customer.crossProvince')]: t(c.crossProvince ? 'value.yes' : 'value.no'),
    [t('record.updatedAt')]: dateTime(c.updatedAt),
    [t('customer.profile')]: c.profile || none,
  }
  return (
    <Block name="customer" title={t('overview.customer')}>
      <Facts facts={facts} />
    </Block>
  )
}

function RelativesBlock({ detail }: { detail: CustomerDetail }) {
  const { t } = useTranslation()
  const groups: [string, Related[]][] = [
    [t('customer.parent'), detail.parent ? [detail.parent] : []],
    [t('overview.children', { count: detail.children.length }), detail.children],
    [t('overview.sameCompany', { count: detail.sameCompany.length }), detail.sameCompany],
  ]
  const shown = groups.filter(([, customers]) => customers.length > 0)
  return (
    <Block name="relatives" title={t('overview.relatives')}>
      {shown.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      {shown.map(([title, customers]) => (
        <section key={title}>
          <Typography.Text type="secondary">{title}</Typography.Text>
          {customers.map((c) => (
            <RelatedCustomer key={`${c.province}/${c.id}`} customer={c} />
          ))}
        </section>
      ))}
    </Block>
  )
}

function RelatedCustomer({ customer: c }: { customer: Related }) {
  const { language } = useLanguage()
  return (
    <div className="related">
      <Link to={`/customers/${c.province}/${c.id}`}>{c.name}</Link> <Tag>{c.class}</Tag>
      <Typography.Text type="secondary">
        {provinceName(c.province, language, c.provinceName)} · {c.cityName} · {c.number}
      </Typography.Text>
    </div>
  )
}
