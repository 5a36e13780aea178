import { useQuery } from '@tanstack/react-query'
import { Button, Card, Checkbox, Space, Tag, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { choice, numbers, useUrlState } from '../../urlstate/urlState'
import { ServiceButton } from './ServiceButton'
import { branchesOf, kindBelow, treeQuery, type Branch, type Unit } from './tree'
import { CreateForm, MoveForm, RenameForm } from './UnitForms'

const parts = { open: numbers, closed: choice(['', 'true'], '') }

type Task = 'create' | 'rename' | 'move'

/** The tree of the organisation with what hangs on each unit, and what can be changed in it. */
export default function OrganisationPage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(parts)
  const [task, setTask] = useState<{ what: Task; unit: Unit }>()
  const query = useQuery(treeQuery)
  const columns = useColumns((what, unit) => setTask({ what, unit }))
  const close = () => setTask(undefined)
  return (
    <>
      <PageHead title={t('organisation.title')}>
        <Checkbox checked={state.closed === 'true'} onChange={(e) => change({ closed: e.target.checked ? 'true' : '' })} data-testid="organisation-closed">
          {t('organisation.showClosed')}
        </Checkbox>
      </PageHead>
      <Card size="small">
        <Loaded query={query}>
          {({ units }) => {
            const branches = branchesOf(units, state.closed === 'true')
            return (
              <DataTable<Branch>
                label={t('organisation.title')}
                rowKey="id"
                columns={columns}
                dataSource={branches}
                expandable={{
                  expandedRowKeys: [...branches.map((u) => u.id), ...state.open],
                  onExpand: (open, u) => change({ open: open ? [...state.open, u.id] : state.open.filter((id) => id !== u.id) }, true),
                }}
                onRow={(u) => ({ 'data-testid': `unit-row-${u.code}` }) as object}
              />
            )
          }}
        </Loaded>
      </Card>
      <SideForm title={task ? `${t(`organisation.${task.what}`)} · ${task.unit.name}` : ''} open={task !== undefined} onClose={close}>
        {task?.what === 'create' && <CreateForm parent={task.unit} onDone={close} />}
        {task?.what === 'rename' && <RenameForm unit={task.unit} onDone={close} />}
        {task?.what === 'move' && <MoveForm unit={task.unit} onDone={close} />}
      </SideForm>
    </>
  )
}

function useColumns(begin: (what: Task, unit: Unit) => void): TableColumnsType<Branch> {
  const { t } = useTranslation()
  const { integer } = useFormats()
  return [
    {
      title: t('organisation.name'),
      render: (_, u) => (
        <>
          {u.name} {!u.active && <Tag>{t('organisation.closed')}</Tag>}
        </>
      ),
    },
    { title: t('organisation.kind'), render: (_, u) => t(`unitKind.${u.kind}`) },
    { title: t('organisation.code'), render: (_, u) => <span className="figure">{u.code}</span> },
    { title: t('organisation.people'), align: 'right', render: (_, u) => <span className="figure">{integer(u.people)}</span> },
    { title: t('organisation.accounts'), align: 'right', render: (_, u) => <span className="figure">{integer(u.accounts)}</span> },
    {
      title: t('organisation.customers'), align: 'right',
      render: (_, u) => (
        <Link className="figure" to={`/customers?unit=${u.id}`} data-testid={`unit-customers-${u.code}`}>
          {integer(u.customers)}
        </Link>
      ),
    },
    {
      title: t('list.actions'),
      render: (_, u) => (
        <Space wrap>
          {u.active && kindBelow[u.kind] && <Act unit={u} what="create" begin={begin} />}
          <Act unit={u} what="rename" begin={begin} />
          {(u.kind === 'department' || u.kind === 'person') && <Act unit={u} what="move" begin={begin} />}
          {u.kind !== 'province' && <ServiceButton unit={u} />}
        </Space>
      ),
    },
  ]
}

function Act({ unit, what, begin }: { unit: Unit; what: Task; begin: (what: Task, unit: Unit) => void }) {
  const { t } = useTranslation()
  return (
    <Button size="small" aria-label={`${t(`organisation.${what}`)} ${unit.name}`} onClick={() => begin(what, unit)} data-testid={`unit-${what}-${unit.code}`}>
      {t(`organisation.${what}`)}
    </Button>
  )
}
