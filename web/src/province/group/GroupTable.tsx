import { useQuery } from '@tanstack/react-query'
import { Alert, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { classes, lifecycles } from '../../reference/choices'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { writeState } from '../../urlstate/urlState'
import { customerListParts, type CustomerListState, type Grouping } from '../customer/customers'
import { stateOf, type ViewedList } from '../view/views'
import { groupsQuery, groupTexts, opened, type Group } from './groups'
import { useGroupNames } from './useGroupNames'

const orders: Partial<Record<Grouping, readonly string[]>> = { class: classes, lifecycle: lifecycles }

/** Classes and stages in their own order, everything else as the node has it: the largest first. */
function ordered(by: Grouping, groups: Group[]): Group[] {
  const order = orders[by]
  return order ? groups.toSorted((a, b) => order.indexOf(a.value) - order.indexOf(b.value)) : groups
}

/** The customers of the list by one fact. A group leads to its customers. */
export function GroupTable({ by, list: { state, change, view } }: { by: Grouping; list: ViewedList }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [params] = useSearchParams()
  const nameOf = useGroupNames(by)
  const query = useQuery(groupsQuery(state, by))
  const base = view && stateOf(view)
  const pathOf = (value: string) => {
    const inside: CustomerListState = { ...state, ...opened(by, value), group: '', display: 'list', page: 1 }
    return `/customers?${writeState(customerListParts, inside, params, base)}`
  }
  const columns: TableColumnsType<Group> = [
    { title: t(groupTexts[by]), render: (_, g) => <Link to={pathOf(g.value)}>{nameOf(g)}</Link> },
    ...(by === 'manager' ? [{ title: t('column.department'), dataIndex: 'unit' }] : []),
    { title: t('group.customers'), align: 'right', render: (_, g) => <span className="figure">{integer(g.customers)}</span> },
  ]
  return (
    <Loaded query={query}>
      {({ groups, total, more }) => (
        <>
          {more && <Alert type="info" showIcon title={t('group.more', { total: integer(total) })} style={{ marginBottom: 12 }} data-testid="groups-more" />}
          <DataTable<Group>
            label={t('group.by', { field: t(groupTexts[by]) })}
            rowKey="value"
            columns={columns}
            dataSource={ordered(by, groups)}
            pagination={{ ...pagination(state, groups.length, change), hideOnSinglePage: true }}
            onRow={(g) => ({ 'data-testid': `group-row-${g.value}`, 'data-customers': g.customers }) as object}
          />
        </>
      )}
    </Loaded>
  )
}
