import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Input, Switch, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { rosterFactsOf, rostersQuery, type Roster, type RosterFacts } from './rosters'

/** The rosters, each leading to its customers. */
export default function RostersPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const query = useQuery(rostersQuery)
  const [edited, setEdited] = useState<Roster | 'new'>()
  const close = () => setEdited(undefined)
  return (
    <>
      <PageHead title={t('roster.title')}>
        {may('roster.manage') && (
          <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="roster-new">
            {t('roster.new')}
          </Button>
        )}
      </PageHead>
      <Card size="small">
        <Loaded query={query}>{({ items }) => <RosterTable items={items} onEdit={may('roster.manage') ? setEdited : undefined} />}</Loaded>
      </Card>
      <SideForm title={t(edited === 'new' ? 'roster.new' : 'roster.edit')} open={edited !== undefined} onClose={close}>
        <RosterForm roster={edited === 'new' ? undefined : edited} onClose={close} />
      </SideForm>
    </>
  )
}

function RosterTable({ items, onEdit }: { items: Roster[]; onEdit?: (roster: Roster) => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const columns: TableColumnsType<Roster> = [
    {
      title: t('roster.name'),
      render: (_, r) => (
        <Link to={`/rosters/${r.id}`} data-testid={`roster-open-${r.id}`}>
          {r.name}
        </Link>
      ),
    },
    { title: t('roster.purpose'), render: (_, r) => <div style={{ minWidth: 160, maxWidth: 480, overflowWrap: 'anywhere' }}>{r.purpose}</div> },
    {
      title: t('roster.state'),
      render: (_, r) => <Mark mood={r.closed ? 'neutral' : 'good'}>{t(r.closed ? 'roster.closed' : 'roster.open')}</Mark>,
    },
    { title: t('roster.rule'), render: (_, r) => (r.rule > 0 ? t('rule.versionTitle', { version: r.rule }) : t('value.none')) },
    { title: t('roster.author'), render: (_, r) => `${r.author} · ${dateTime(r.createdAt)}` },
    ...(onEdit
      ? [
          {
            title: t('list.actions'),
            render: (_: unknown, r: Roster) => (
              <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => onEdit(r)} data-testid={`roster-edit-${r.id}`}>
                {t('action.edit')}
              </Button>
            ),
          },
        ]
      : []),
  ]
  return (
    <DataTable<Roster>
      label={t('roster.title')}
      rowKey="id"
      columns={columns}
      dataSource={items}
      onRow={(r) => ({ 'data-testid': `roster-row-${r.id}` }) as object}
    />
  )
}

function RosterForm({ roster, onClose }: { roster?: Roster; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const fields: Field<RosterFacts>[] = [
    { name: 'name', label: t('roster.name'), wide: true, rules: [required], input: <Input maxLength={60} /> },
    { name: 'purpose', label: t('roster.purpose'), wide: true, rules: [required], input: <Input.TextArea maxLength={500} rows={3} /> },
    {
      name: 'closed', label: t('roster.closed'), help: t('roster.closedHelp'), valuePropName: 'checked', input: <Switch />,
      show: (value) => t(value ? 'value.yes' : 'value.no'),
    },
  ]
  return (
    <EditForm<Roster, RosterFacts>
      name="roster"
      record={roster}
      initial={{ name: '', purpose: '', closed: false }}
      factsOf={rosterFactsOf}
      fields={fields}
      save={(facts, version) =>
        roster
          ? answer(province.PUT('/api/rosters/{id}', { params: { path: { id: roster.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/rosters', { body: facts }))
      }
      onSaved={() => {
        void message.success(t(roster ? 'record.saved' : 'record.created'))
        void client.invalidateQueries({ queryKey: rostersQuery.queryKey })
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
