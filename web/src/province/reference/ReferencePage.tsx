import { EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Typography, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { KindChoice } from '../../referencedata/KindChoice'
import { RowTable } from '../../referencedata/RowTable'
import { Filters } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { pagination } from '../../table/paging'
import { SearchBox } from '../../table/SearchBox'
import { useUrlState } from '../../urlstate/urlState'
import { ExtensionForm } from './ExtensionForm'
import { freshnessMood, freshnessQuery, referenceParts, rowsQuery, type Row } from './referenceData'

/** Headquarters' reference data as it is in the province, with its version and age. */
export default function ReferencePage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(referenceParts)
  const query = useQuery(rowsQuery(state))
  const [extended, setExtended] = useState<Row>()
  const more = useExtensionColumns(setExtended)
  const close = () => setExtended(undefined)
  return (
    <>
      <PageHead title={t('referenceData.title')} note={t('referenceData.readOnly')} />
      <Freshness />
      <Card size="small">
        <KindChoice kind={state.kind} onChange={(kind) => change({ kind, q: '' })} />
        <Filters>
          <SearchBox value={state.q} onSearch={(q) => change({ q }, true)} placeholder={t('referenceData.search')} />
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <RowTable<Row>
              kind={state.kind}
              rows={page.items}
              loading={query.isPlaceholderData}
              pages={pagination(state, page.total, change)}
              more={state.kind === 'products' ? more : []}
            />
          )}
        </Loaded>
      </Card>
      <SideForm title={t('extension.title')} open={extended !== undefined} onClose={close}>
        {extended && <ExtensionForm row={extended} onClose={close} />}
      </SideForm>
    </>
  )
}

function useExtensionColumns(onEdit: (row: Row) => void): TableColumnsType<Row> {
  const { t } = useTranslation()
  const { may } = useSession()
  return [
    { title: t('extension.localName'), key: 'localName', render: (_, row) => String(row.values['localName'] || t('value.none')) },
    {
      title: t('extension.available'), key: 'available',
      render: (_, row) => {
        const sold = row.values['available'] === true
        return <Mark mood={sold ? 'good' : 'neutral'}>{t(sold ? 'value.yes' : 'value.no')}</Mark>
      },
    },
    ...(may('reference.extend')
      ? [{
          title: t('list.actions'), key: 'actions',
          render: (_: unknown, row: Row) => (
            <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => onEdit(row)} data-testid={`extend-${row.id}`}>
              {t('extension.edit')}
            </Button>
          ),
        }]
      : []),
  ]
}

/** Version and age. */
function Freshness() {
  const { t } = useTranslation()
  const { integer, duration, dateTime } = useFormats()
  const { data } = useQuery(freshnessQuery)
  if (!data) return null
  return (
    <div role="status" style={{ marginBottom: 12 }} data-testid="reference-freshness" data-version={data.version} title={t('referenceData.ageMeaning')}>
      <Mark mood={freshnessMood(data)}>{data.epoch === 0 ? t('referenceData.nothing') : t('referenceData.versionHere', { version: integer(data.version) })}</Mark>
      {data.epoch > 0 && (
        <Typography.Text type="secondary">
          {t('referenceData.freshness', { head: integer(data.head), time: dateTime(data.changedAt), age: duration(data.ageSeconds, t('unit.day')) })}
        </Typography.Text>
      )}
      {data.error && <Typography.Text type="danger" style={{ display: 'block' }}>{data.error}</Typography.Text>}
    </div>
  )
}
