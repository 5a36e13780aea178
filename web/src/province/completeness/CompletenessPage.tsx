import { EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Segmented, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { choice, integer, text, useUrlState } from '../../urlstate/urlState'
import { groupsQuery, ruleQuery, type Group } from './completeness'
import { ManagerRows } from './ManagerRows'
import { RuleForm } from './RuleForm'

const parts = { by: choice(['manager', 'department'] as const, 'manager'), department: integer(0), manager: text, after: text }

/** How complete the files of managers and departments are, down to the customers and what they lack. */
export default function CompletenessPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const [state, change] = useUrlState(parts)
  const rule = useQuery(ruleQuery)
  const [editing, setEditing] = useState(false)
  return (
    <>
      <PageHead title={t('completeness.title')} note={rule.data?.pending ? t('completeness.pending') : undefined}>
        {state.manager === '' && (
          <Segmented
            aria-label={t('completeness.title')}
            value={state.by}
            onChange={(by) => change({ by, department: 0 })}
            options={(['manager', 'department'] as const).map((value) => ({ value, label: t(`completeness.by.${value}`) }))}
            data-testid="completeness-by"
          />
        )}
        {may('rule.manage') && (
          <Button icon={<EditOutlined aria-hidden />} disabled={!rule.data} onClick={() => setEditing(true)} data-testid="completeness-rule">
            {t('completeness.rule')}
          </Button>
        )}
      </PageHead>
      <Card size="small">
        {/^\d+$/.test(state.manager) ? (
          <ManagerRows
            manager={Number(state.manager)}
            after={state.after}
            onAfter={(after) => change({ after })}
            onBack={() => change({ manager: '', after: '' })}
          />
        ) : (
          <Groups
            by={state.by}
            department={state.department}
            onOpen={(id) => change(state.by === 'department' && id > 0 ? { by: 'manager', department: id } : { manager: String(id), after: '' })}
          />
        )}
      </Card>
      <SideForm title={t('completeness.rule')} open={editing} onClose={() => setEditing(false)}>
        {rule.data && <RuleForm rule={rule.data} onClose={() => setEditing(false)} />}
      </SideForm>
    </>
  )
}

function Groups({ by, department, onOpen }: { by: 'department' | 'manager'; department: number; onOpen: (id: number) => void }) {
  const { t } = useTranslation()
  const { integer: whole } = useFormats()
  const query = useQuery(groupsQuery(by, department))
  const columns: TableColumnsType<Group> = [
    {
      title: t(`completeness.by.${by}`),
      render: (_, g) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(g.id)} data-testid={`completeness-open-${g.id}`}>
          {g.name || t('completeness.nobody')}
        </Button>
      ),
    },
    ...(by === 'manager' ? [{ title: t('completeness.by.department'), render: (_: unknown, g: Group) => g.department || t('value.none') }] : []),
    { title: t('completeness.average'), align: 'right', render: (_, g) => <span className="figure">{g.average.toFixed(1)}</span> },
    { title: t('completeness.customers'), align: 'right', render: (_, g) => <span className="figure">{whole(g.customers)}</span> },
    { title: t('completeness.whole'), align: 'right', render: (_, g) => <span className="figure">{whole(g.whole)}</span> },
  ]
  return (
    <Loaded query={query}>
      {({ items }) => <DataTable<Group> label={t('completeness.title')} rowKey="id" columns={columns} dataSource={items} />}
    </Loaded>
  )
}
