import type { TableColumnsType, TablePaginationConfig } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../language/LanguageProvider'
import { provinceName } from '../reference/provinces'
import { DataTable } from '../table/DataTable'
import { fieldsOf, type Kind, type Values } from './kinds'
import { useShownValue } from './useShownValue'

export interface DataRow {
  id: number
  province: number
  version: number
  values: Values
}

interface Props<R extends DataRow> {
  kind: Kind
  rows: R[]
  loading: boolean
  pages: TablePaginationConfig
  more?: TableColumnsType<R>
}

/** Rows of a kind of reference data. */
export function RowTable<R extends DataRow>({ kind, rows, loading, pages, more = [] }: Props<R>) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const shown = useShownValue()
  const columns: TableColumnsType<R> = [
    ...fieldsOf[kind].map((field) => ({
      title: t(`referenceField.${field.name}`),
      key: field.name,
      align: field.look === 'money' || field.look === 'count' ? ('right' as const) : undefined,
      render: (_: unknown, row: R) => (
        <div style={{ maxWidth: 360, whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{shown(field, row.values[field.name])}</div>
      ),
    })),
    {
      title: t('referenceData.for'), key: 'for',
      render: (_, row) => (row.province === 0 ? t('referenceData.forAll') : provinceName(row.province, language)),
    },
    ...more,
  ]
  return (
    <DataTable<R>
      label={t(`referenceKind.${kind}`)}
      rowKey="id"
      columns={columns}
      dataSource={rows}
      loading={loading}
      pagination={pages}
      onRow={(row) => ({ 'data-testid': `reference-row-${row.id}` }) as object}
    />
  )
}
