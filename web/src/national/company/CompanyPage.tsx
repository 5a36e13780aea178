import { useQuery } from '@tanstack/react-query'
import { Alert, Empty, Typography } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { ChartOrTable } from '../../chart/ChartOrTable'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { useAmount } from '../../language/useAmount'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { companyQuery, growthOf, monthsBetween, type CompanyDetail } from './companies'
import { MembersTable, useMemberFields } from './MembersTable'

/** A company with the provinces that have it as a customer side by side. */
export default function CompanyPage() {
  const { creditCode = '' } = useParams()
  const query = useQuery({ ...companyQuery(creditCode), enabled: /^[0-9A-Z]{18}$/.test(creditCode) })
  if (!/^[0-9A-Z]{18}$/.test(creditCode)) return <UnknownPage />
  return <Loaded query={query}>{(company) => <Blocks company={company} />}</Loaded>
}

function Blocks({ company }: { company: CompanyDetail }) {
  const { t } = useTranslation()
  const fields = useMemberFields()
  const differing = fields.filter((f) => company.differing.includes(f.name))
  return (
    <div data-testid="company">
      <PageHead title={company.name} note={t('company.coded', { code: company.creditCode })} />
      <div className="stack">
        <TotalsBlock company={company} />
        <Block name="provinces" title={t('company.sideBySide')} whole>
          {differing.length > 0 && (
            <Alert
              type="warning"
              showIcon
              title={t('company.differing', { fields: differing.map((f) => f.title).join(t('list.comma')) })}
              style={{ marginBottom: 12 }}
              data-testid="company-differing"
            />
          )}
          {company.members.length > 0 ? <MembersTable company={company} /> : <Empty description={t('company.nobody')} />}
        </Block>
        {company.income.length > 0 && <IncomeBlock company={company} />}
      </div>
    </div>
  )
}

function TotalsBlock({ company }: { company: CompanyDetail }) {
  const { t } = useTranslation()
  const { integer, growth } = useFormats()
  const amount = useAmount()
  const sum = (of: (m: CompanyDetail['members'][number]) => number) => company.members.reduce((all, m) => all + of(m), 0)
  const income = sum((m) => m.incomeFen)
  const facts = {
    [t('company.keyAccount')]: company.keyAccountSince ? t('company.keyAccountSince', { day: company.keyAccountSince }) : t('value.no'),
    [t('company.provinces')]: integer(new Set(company.members.map((m) => m.province)).size),
    [t('company.customers')]: integer(company.members.length),
    [t('company.contracts')]: `${integer(sum((m) => m.contracts))} · ${amount(sum((m) => m.contractFen))}`,
    [t('company.monthlyFee')]: amount(sum((m) => m.monthlyFeeFen)),
    [t('company.arrears')]: amount(sum((m) => m.arrearsFen)),
    [t('company.income', { from: company.from, to: company.to })]: <strong data-testid="company-income">{amount(income)}</strong>,
    [t('company.incomeGrowth')]: growth(growthOf(income, sum((m) => m.yearBeforeFen))),
  }
  return (
    <Block name="totals" title={t('company.totals')} whole>
      <Facts facts={facts} />
      <Typography.Paragraph type="secondary" style={{ margin: '8px 0 0' }}>
        {t('company.formula')}
      </Typography.Paragraph>
    </Block>
  )
}

/** What the provinces billed, month by month. */
function IncomeBlock({ company }: { company: CompanyDetail }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { money, moneyUnit } = useFormats()
  const unit = moneyUnit(company.income.map((i) => i.amountFen))
  const title = t('measure.in', { measure: t('measure.incomeFen'), unit: t(`unit.${unit.name}`) })
  const months = useMemo(() => monthsBetween(company.from, company.to), [company])
  const provinces = useMemo(
    () =>
      [...new Set(company.income.map((i) => i.province))].map((province) => ({
        name: provinceName(province, language),
        fen: months.map((month) => company.income.find((i) => i.month === month && i.province === province)?.amountFen ?? null),
      })),
    [company, language, months],
  )
  const chart = useMemo(
    () => ({
      kind: 'line' as const, categories: months,
      series: provinces.map((p) => ({ name: p.name, values: p.fen.map((fen) => (fen === null ? null : fen / unit.fen)) })),
    }),
    [months, provinces, unit.fen],
  )
  const rows = months.map((month, i) => ({ month, fen: provinces.map((p) => p.fen[i] ?? null) }))
  return (
    <Block name="income" title={title} whole>
      <ChartOrTable
        name="company-income"
        chart={{ title, ...chart }}
        table={
          <DataTable
            label={title}
            rowKey="month"
            dataSource={rows}
            columns={[
              { title: t('dimension.month'), dataIndex: 'month' },
              ...provinces.map((p, i) => ({
                title: p.name, align: 'right' as const,
                render: (_: unknown, row: (typeof rows)[number]) => <span className="figure">{money(row.fen[i], unit)}</span>,
              })),
            ]}
          />
        }
      />
    </Block>
  )
}
