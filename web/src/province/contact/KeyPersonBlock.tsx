import { StopOutlined } from '@ant-design/icons'
import { Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block, type Freshness } from '../../frame/Block'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import type { Contact } from './contacts'
import { keyPersonMap, mapColumns, missingParts, type MapRow } from './keyPersons'

/** Who decides at a customer, by influence and attitude, and which part nobody is known for. */
export function KeyPersonBlock({ contacts, freshness }: { contacts: Contact[]; freshness?: Freshness }) {
  const { t } = useTranslation()
  const rows = keyPersonMap(contacts)
  const columns: TableColumnsType<MapRow> = [
    { title: t('contact.influence'), render: (_, row) => t(`influence.${row.influence}`), rowScope: 'row' },
    ...mapColumns.map((attitude, i) => ({
      title: t(`attitude.${attitude}`),
      render: (_: unknown, row: MapRow) => (
        <div data-testid={`key-persons-${row.influence}-${attitude}`}>
          {row.people[i]?.map((c) => <Person key={c.id} contact={c} />)}
        </div>
      ),
    })),
  ]
  const missing = missingParts(contacts)
  return (
    <Block whole name="key-persons" title={t('keyPerson.map')} freshness={freshness}>
      <DataTable<MapRow>
        bordered
        label={t('keyPerson.map')}
        rowKey="influence"
        columns={columns}
        dataSource={rows}
      />
      {missing.length > 0 && (
        <div style={{ marginTop: 12 }} data-testid="key-persons-missing">
          <Mark mood="warning">{t('keyPerson.missing')}</Mark> {missing.map((part) => t(`decisionRole.${part}`)).join(t('keyPerson.comma'))}
        </div>
      )}
    </Block>
  )
}

function Person({ contact }: { contact: Contact }) {
  const { t } = useTranslation()
  return (
    <div>
      <strong>{contact.name}</strong>
      <Typography.Text type="secondary">
        {' '}
        {t(`decisionRole.${contact.part}`)}
        {contact.title && ` · ${contact.title}`}
      </Typography.Text>
      {contact.doNotContact && <StopOutlined aria-label={t('contact.doNotContact')} role="img" style={{ marginInlineStart: 6 }} />}
    </div>
  )
}
