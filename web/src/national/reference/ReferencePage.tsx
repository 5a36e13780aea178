import { EditOutlined, ImportOutlined, PlusOutlined, StopOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Popconfirm, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import type { Kind } from '../../referencedata/kinds'
import { KindChoice } from '../../referencedata/KindChoice'
import { RowTable } from '../../referencedata/RowTable'
import { Filters } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { pagination } from '../../table/paging'
import { SearchBox } from '../../table/SearchBox'
import { useUrlState } from '../../urlstate/urlState'
import { ImportForm } from './ImportForm'
import { overviewQuery, referenceKey, referenceParts, rowsQuery, type Row } from './referenceData'
import { RowForm } from './RowForm'

type Open = { form: 'row'; row?: Row } | { form: 'import' }

/** The reference data that every province gets: rows by kind, edited and imported here. */
export default function ReferencePage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(referenceParts)
  const overview = useQuery(overviewQuery)
  const rows = useQuery(rowsQuery(state))
  const [open, setOpen] = useState<Open>()
  const edits = may('nation.reference.change')
  const close = () => setOpen(undefined)
  return (
    <>
      <PageHead
        title={t('referenceData.title')}
        note={overview.data && t('referenceData.version', { version: integer(overview.data.version), time: dateTime(overview.data.changedAt) })}
      >
        {edits && (
          <>
            <Button icon={<ImportOutlined aria-hidden />} onClick={() => setOpen({ form: 'import' })} data-testid="reference-import">
              {t('import.title')}
            </Button>
            <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setOpen({ form: 'row' })} data-testid="reference-new">
              {t('referenceData.new')}
            </Button>
          </>
        )}
      </PageHead>
      <Receivers />
      <Card size="small">
        <KindChoice kind={state.kind} onChange={(kind) => change({ kind, q: '' })} />
        <Filters>
          <SearchBox value={state.q} onSearch={(q) => change({ q }, true)} placeholder={t('referenceData.search')} />
          <label style={{ display: 'inline-flex', gap: 8, alignItems: 'center' }}>
            <Switch checked={state.expired === 'true'} onChange={(on) => change({ expired: on ? 'true' : 'false' })} />
            {t('referenceData.withExpired')}
          </label>
        </Filters>
        <Loaded query={rows}>
          {(page) => (
            <RowTable<Row>
              kind={state.kind}
              rows={page.items}
              loading={rows.isPlaceholderData}
              pages={pagination(state, page.total, change)}
              more={[
                {
                  title: t('referenceData.state'), key: 'state',
                  render: (_, row) => (
                    <Mark mood={row.expiredAt ? 'neutral' : 'good'}>
                      {row.expiredAt ? t('referenceData.expiredAt', { time: dateTime(row.expiredAt) }) : t('referenceData.holds')}
                    </Mark>
                  ),
                },
                { title: t('referenceData.versionOf'), key: 'version', align: 'right', render: (_, row) => <span className="figure">{integer(row.version)}</span> },
                ...(edits
                  ? [{ title: t('list.actions'), key: 'actions', render: (_: unknown, row: Row) => !row.expiredAt && <Actions kind={state.kind} row={row} onEdit={() => setOpen({ form: 'row', row })} /> }]
                  : []),
              ]}
            />
          )}
        </Loaded>
      </Card>
      <SideForm title={t(open?.form === 'row' && open.row ? 'referenceData.edit' : 'referenceData.new')} open={open?.form === 'row'} onClose={close}>
        {open?.form === 'row' && <RowForm kind={state.kind} row={open.row} onClose={close} />}
      </SideForm>
      <SideForm title={t('import.titleOf', { kind: t(`referenceKind.${state.kind}`) })} open={open?.form === 'import'} onClose={close}>
        <ImportForm kind={state.kind} />
      </SideForm>
    </>
  )
}

/** Which provinces have the newest version, and which do not. */
function Receivers() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const { data } = useQuery(overviewQuery)
  if (!data) return null
  const current = data.provinces.filter((p) => p.version === data.version).length
  return (
    <div role="status" style={{ marginBottom: 12 }} data-testid="reference-receivers" data-current={current}>
      <Mark mood={current === data.provinces.length ? 'good' : 'warning'}>
        {t('referenceData.receivers', { count: integer(data.provinces.length), current: integer(current) })}
      </Mark>
    </div>
  )
}

function Actions({ kind, row, onEdit }: { kind: Kind; row: Row; onEdit: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const expire = useMutation({
    mutationFn: () =>
      answer(national.DELETE('/api/reference/{kind}/{id}', { params: { path: { kind, id: row.id }, query: { version: row.version } } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: referenceKey }),
    onError: (error) => void message.error(problemText(t, error)),
  })
  return (
    <span style={{ display: 'inline-flex', gap: 8 }}>
      <Button size="small" icon={<EditOutlined aria-hidden />} onClick={onEdit} data-testid={`reference-edit-${row.id}`}>
        {t('action.edit')}
      </Button>
      <Popconfirm title={t('referenceData.expireSure')} onConfirm={() => expire.mutate()}>
        <Button size="small" icon={<StopOutlined aria-hidden />} loading={expire.isPending} data-testid={`reference-expire-${row.id}`}>
          {t('referenceData.expire')}
        </Button>
      </Popconfirm>
    </span>
  )
}
