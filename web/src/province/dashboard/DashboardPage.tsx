import { useQuery } from '@tanstack/react-query'
import { Alert, Button, type TableColumnsType } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { ChartOrTable } from '../../chart/ChartOrTable'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useAmount } from '../../language/useAmount'
import { lifecycles } from '../../reference/choices'
import { DataTable } from '../../table/DataTable'
import { integer as whole, useUrlState } from '../../urlstate/urlState'
import { classRows, customersOf, dashboardQuery, dueQuery, growthOf, type ClassRow, type Dashboard } from './dashboard'
import { GroupsTable } from './GroupsTable'

const parts = { department: whole(0) }

/** The part of the province that somebody reaches, at a glance. Every figure leads to what is behind it. */
export default function DashboardPage() {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const [{ department }, change] = useUrlState(parts)
  const query = useQuery(dashboardQuery(department))
  const d = query.data
  return (
    <>
      <PageHead title={t('departmentBoard.title')} note={d && t('departmentBoard.month', { month: d.month, time: dateTime(d.asOf) })}>
        {department !== 0 && (
          <Button onClick={() => change({ department: 0 })} data-testid="board-back">
            {t('departmentBoard.back')}
          </Button>
        )}
      </PageHead>
      <Loaded query={query}>
        {(board) => (
          <div className="blocks" data-testid="department-board" data-customers={board.counts.reduce((sum, c) => sum + c.customers, 0)}>
            <Totals board={board} />
            <Due />
            <Stages board={board} />
            <Groups board={board} onOpen={(id) => change({ department: id })} />
          </div>
        )}
      </Loaded>
    </>
  )
}

function Totals({ board: { total, asOf, counts } }: { board: Dashboard }) {
  const { t } = useTranslation()
  const { integer, growth } = useFormats()
  const amount = useAmount()
  const customers = counts.reduce((sum, c) => sum + c.customers, 0)
  const figure = (name: string, to: string, text: string) => (
    <Link to={to} style={{ textDecoration: 'underline' }} data-testid={`board-${name}`}>
      {text}
    </Link>
  )
  const facts = {
    [t('measure.customers')]: figure('customers', '/customers', integer(customers)),
    [t('departmentBoard.income')]: (
      <>
        {figure('income', '#block-groups', amount(total.lastFen))} {t('departmentBoard.growth', { growth: growth(growthOf(total)) })}
      </>
    ),
    [t('departmentBoard.before')]: amount(total.beforeFen),
    [t('departmentBoard.arrears')]: figure('arrears', '#block-groups', amount(total.arrearsFen)),
  }
  return (
    <Block name="totals" title={t('departmentBoard.totals')}>
      {asOf === null && <Alert type="info" showIcon title={t('departmentBoard.notYet')} style={{ marginBottom: 12 }} />}
      <Facts facts={facts} />
    </Block>
  )
}

/** What ends soon, each sum with its contracts behind it. */
function Due() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const amount = useAmount()
  const query = useQuery(dueQuery)
  return (
    <Block name="due" title={t('departmentBoard.due')}>
      <Loaded query={query}>
        {({ sums }) => {
          const facts = sums.map(({ days, contracts, amountFen }) => [
            t('departmentBoard.within', { days }),
            <>
              <Link to={`/contracts?days=${days}`} style={{ textDecoration: 'underline' }} data-testid={`board-due-${days}`}>
                {integer(contracts)}
              </Link>{' '}
              {amount(amountFen)}
            </>,
          ])
          return <Facts facts={Object.fromEntries(facts)} />
        }}
      </Loaded>
    </Block>
  )
}

/** Customers by class and stage. */
function Stages({ board: { counts } }: { board: Dashboard }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const rows = useMemo(() => classRows(counts), [counts])
  const title = t('departmentBoard.stages')
  const chart = useMemo(() => {
    const classes = rows.slice(0, -1)
    return {
      title,
      categories: classes.map((r) => r.class),
      series: lifecycles.map((stage) => ({ name: t(`lifecycle.${stage}`), values: classes.map((r) => r.stages[stage]) })),
    }
  }, [rows, title, t])
  const link = (of: { class?: string; lifecycle?: string }, customers: number) => (
    <Link to={customersOf(of)} className="figure">
      {integer(customers)}
    </Link>
  )
  const columns: TableColumnsType<ClassRow> = [
    { title: t('customer.class'), render: (_, r) => r.class || t('departmentBoard.all') },
    ...lifecycles.map((stage) => ({
      title: t(`lifecycle.${stage}`), align: 'right' as const, render: (_: unknown, r: ClassRow) => link({ class: r.class, lifecycle: stage }, r.stages[stage]),
    })),
    { title: t('departmentBoard.all'), align: 'right', render: (_, r) => link({ class: r.class }, r.customers) },
  ]
  return (
    <Block name="stages" title={title} whole>
      <ChartOrTable name="stages" chart={chart} table={<DataTable<ClassRow> label={title} rowKey="class" columns={columns} dataSource={rows} />} />
    </Block>
  )
}

/** As many bars as a chart can tell apart. */
const mostBars = 20

/** Managers or departments side by side. */
function Groups({ board, onOpen }: { board: Dashboard; onOpen: (department: number) => void }) {
  const { t } = useTranslation()
  const { moneyUnit } = useFormats()
  const { groups, departments } = board
  const title = t(departments ? 'departmentBoard.departments' : 'departmentBoard.managers')
  const chart = useMemo(() => {
    const shown = groups.slice(0, mostBars)
    const unit = moneyUnit(shown.map((g) => g.lastFen))
    const name = t('measure.in', { measure: t('departmentBoard.income'), unit: t(`unit.${unit.name}`) })
    return { title: name, categories: shown.map((g) => g.name || t('departmentBoard.nobody')), series: [{ name, values: shown.map((g) => g.lastFen / unit.fen) }] }
  }, [groups, moneyUnit, t])
  return (
    <Block name="groups" title={title} whole>
      <ChartOrTable name="groups" chart={chart} table={<GroupsTable label={title} groups={groups} departments={departments} onOpen={onOpen} />} />
    </Block>
  )
}
