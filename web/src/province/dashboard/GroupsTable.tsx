import { Button, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { customersOfGroup, growthOf, type Group } from './dashboard'

interface Props {
  label: string
  groups: Group[]
  departments: boolean
  onOpen: (department: number) => void
}

/** Managers or departments with their figures. A department leads to its managers. */
export function GroupsTable({ label, groups, departments, onOpen }: Props) {
  const { t } = useTranslation()
  const { integer, money, moneyUnit, growth } = useFormats()
  const unit = moneyUnit(groups.flatMap((g) => [g.lastFen, g.arrearsFen]))
  const inUnit = (measure: string) => t('measure.in', { measure, unit: t(`unit.${unit.name}`) })
  const figure = (text: string) => <span className="figure">{text}</span>
  const columns: TableColumnsType<Group> = [
    {
      title: t(departments ? 'departmentBoard.department' : 'departmentBoard.manager'),
      render: (_, g) =>
        departments && g.id !== 0 ? (
          <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(g.id)} data-testid={`board-open-${g.id}`}>
            {g.name}
          </Button>
        ) : (
          g.name || t('departmentBoard.nobody')
        ),
    },
    ...(departments ? [] : [{ title: t('departmentBoard.department'), render: (_: unknown, g: Group) => g.department || t('value.none') }]),
    {
      title: t('measure.customers'), align: 'right',
      render: (_, g) => <Link to={customersOfGroup(g.id, departments)} className="figure">{integer(g.customers)}</Link>,
    },
    { title: inUnit(t('departmentBoard.income')), align: 'right', render: (_, g) => figure(money(g.lastFen, unit)) },
    { title: t('measure.monthOnMonth'), align: 'right', render: (_, g) => figure(growth(growthOf(g))) },
    { title: inUnit(t('departmentBoard.arrears')), align: 'right', render: (_, g) => figure(money(g.arrearsFen, unit)) },
    {
      title: t('departmentBoard.completeness'), align: 'right',
      render: (_, g) => (
        <Link to={departments ? `/completeness?department=${g.id}` : `/completeness?manager=${g.id}`} className="figure">
          {integer(g.completeness)}
        </Link>
      ),
    },
  ]
  return (
    <DataTable<Group>
      label={label}
      rowKey="id"
      columns={columns}
      dataSource={groups}
      pagination={groups.length > 50 ? { defaultPageSize: 50 } : false}
      onRow={(g) => ({ 'data-testid': `board-row-${g.id}` }) as object}
    />
  )
}
