import { useQuery } from '@tanstack/react-query'
import { Button, Card, Space, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../api/session'
import { Loaded } from '../frame/Outcome'
import { PageHead } from '../frame/PageHead'
import { useFormats } from '../language/formats'
import { textIfKnown } from '../language/language'
import { DataTable } from '../table/DataTable'
import { useUrlState } from '../urlstate/urlState'
import { Changed } from './Changed'
import { changedFields } from './changedFields'
import { everything, trailParts, trailQuery, type TrailLine, type TrailState } from './trail'
import { TrailFilters } from './TrailFilters'
import { VerificationBlock } from './VerificationBlock'

type Change = (patch: Partial<TrailState>) => void

/** The audit trail of the node, the newest first, and whether it still is what was written. */
export default function TrailPage() {
  const { t } = useTranslation()
  const [state, setState] = useUrlState(trailParts)
  const change: Change = (patch) => setState({ after: '', ...patch })
  const query = useQuery(trailQuery(state))
  const columns = useColumns(change)
  return (
    <>
      <PageHead title={t('trail.title')} />
      <div className="stack">
        <VerificationBlock />
        <Card size="small">
          <TrailFilters state={state} change={change} onReset={() => setState(everything)} />
          <Loaded query={query}>
            {(page) => (
              <>
                <DataTable<TrailLine>
                  label={t('trail.title')}
                  rowKey="id"
                  columns={columns}
                  dataSource={page.items}
                  loading={query.isPlaceholderData}
                  onRow={(line) => ({ 'data-testid': `trail-row-${line.action}` }) as object}
                />
                <Space style={{ marginTop: 12 }}>
                  {state.after !== '' && (
                    <Button onClick={() => change({})} data-testid="trail-first">
                      {t('trail.first')}
                    </Button>
                  )}
                  {page.next !== '' && (
                    <Button onClick={() => change({ after: page.next })} data-testid="trail-next">
                      {t('trail.next')}
                    </Button>
                  )}
                </Space>
              </>
            )}
          </Loaded>
        </Card>
      </div>
    </>
  )
}

function useColumns(change: Change): TableColumnsType<TrailLine> {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const inProvince = useSession().session.node.level === 'province'
  return [
    { title: t('trail.at'), render: (_, line) => <span className="figure">{dateTime(line.at)}</span> },
    {
      title: t('trail.actor'),
      render: (_, line) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => change({ actor: line.actor })}>
          {line.actor}
        </Button>
      ),
    },
    { title: t('trail.action'), render: (_, line) => textIfKnown(`audit.${line.action}`, line.action) },
    {
      title: t('trail.record'),
      render: (_, line) => (
        <Space orientation="vertical" size={0}>
          {line.objectId > 0 ? (
            <Button type="link" size="small" style={{ padding: 0 }} onClick={() => change({ kind: line.objectKind, record: line.objectId })}>
              {textIfKnown(`auditKind.${line.objectKind}`, line.objectKind)} {line.objectId}
            </Button>
          ) : (
            textIfKnown(`auditKind.${line.objectKind}`, line.objectKind)
          )}
          {inProvince && line.customerId > 0 && (
            <Link to={`/customers/${line.customerId}`}>{t('trail.ofCustomer', { id: String(line.customerId) })}</Link>
          )}
        </Space>
      ),
    },
    { title: t('trail.changes'), render: (_, line) => <Changes line={line} /> },
  ]
}

function Changes({ line }: { line: TrailLine }) {
  const { t } = useTranslation()
  const fields = changedFields(line.before, line.after)
  if (fields.length === 0) return t('value.none')
  return (
    <Typography.Text style={{ display: 'block', minWidth: 240, maxWidth: 560 }}>
      {fields.map((field) => (
        <Changed key={field.name} kind={line.objectKind} field={field} />
      ))}
    </Typography.Text>
  )
}
