import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { policyListQuery, type Policy } from './policies'
import { PolicyForm } from './PolicyForm'
import { PolicyState } from './PolicyState'
import { ProofButton } from './ProofButton'

/** The versions of the selection policy, newest first. */
export default function PolicyListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const client = useQueryClient()
  const query = useQuery(policyListQuery)
  const [proposing, setProposing] = useState(false)
  const columns = useColumns()
  return (
    <>
      <PageHead title={t('policies.title')} note={t('policies.note')}>
        <ProofButton />
        {may('selection.change') && (
          <Button type="primary" icon={<PlusOutlined aria-hidden />} disabled={!query.data} onClick={() => setProposing(true)} data-testid="policy-propose">
            {t('policies.propose')}
          </Button>
        )}
      </PageHead>
      <Card size="small">
        <Loaded query={query}>
          {({ items }) => (
            <>
              <DataTable<Policy>
                label={t('policies.title')}
                rowKey="version"
                columns={columns}
                dataSource={items}
                onRow={(p) => ({ 'data-testid': `policy-row-${p.version}`, 'data-state': p.state }) as object}
              />
              <SideForm title={t('policies.propose')} open={proposing} onClose={() => setProposing(false)}>
                <PolicyForm
                  rule={(items.find((p) => p.state === 'in_force') ?? items[0])?.rule}
                  onSaved={({ version }) => {
                    void message.success(t('record.created'))
                    void client.invalidateQueries({ queryKey: ['policies'] })
                    void navigate(`/selection/${version}`)
                  }}
                  onCancel={() => setProposing(false)}
                />
              </SideForm>
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(): TableColumnsType<Policy> {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const figure = (value: number) => <span className="figure">{integer(value)}</span>
  return [
    { title: t('policy.version'), render: (_, p) => <Link to={`/selection/${p.version}`}>{p.version}</Link> },
    { title: t('policy.state'), render: (_, p) => <PolicyState policy={p} /> },
    { title: t('policy.origin'), render: (_, p) => t(`policyOrigin.${p.origin}`) },
    { title: t('policy.note'), render: (_, p) => p.note || t('value.none') },
    { title: t('policy.author'), render: (_, p) => p.author || t('value.none') },
    { title: t('policy.approver'), render: (_, p) => p.approver || t('value.none') },
    { title: t('policy.effectiveAt'), render: (_, p) => <span className="figure">{p.effectiveAt ? dateTime(p.effectiveAt) : t('policy.atOnce')}</span> },
    { title: t('policy.entered'), align: 'right', render: (_, p) => (p.rollout ? figure(p.rollout.entered) : t('value.none')) },
    { title: t('policy.left'), align: 'right', render: (_, p) => (p.rollout ? figure(p.rollout.left) : t('value.none')) },
  ]
}
