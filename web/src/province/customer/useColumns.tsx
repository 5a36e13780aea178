import { useQuery } from '@tanstack/react-query'
import { Typography, type TableColumnsType, type TableColumnType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { lifecycleMoods } from '../../reference/choices'
import { industryName } from '../../reference/industries'
import { Mark } from '../../table/Mark'
import { sortedBy } from '../../table/paging'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { useShown } from '../attribute/useShown'
import { columnKeys, usualColumns, type ColumnKey } from '../view/views'
import { attributeOf, type CustomerListState, type CustomerRow } from './customers'

/** The columns of the list: the name, and those that were chosen; of the usual ones a narrow screen has fewer. */
export function useColumns(state: CustomerListState): TableColumnsType<CustomerRow> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  const shown = useShown()
  const attributes = useQuery({ ...attributesQuery, enabled: state.columns.some(attributeOf) }).data?.items ?? []
  const yesNo = (value: boolean) => t(value ? 'value.yes' : 'value.no')
  const time = (value: string) => <span className="figure">{dateTime(value)}</span>
  const all: Record<ColumnKey, TableColumnType<CustomerRow>> = {
    creditCode: { title: t('customer.creditCode'), render: (_, row) => <span className="figure">{row.creditCode || t('value.none')}</span> },
    class: { title: t('customer.class'), dataIndex: 'class', ...sortedBy(state, 'class') },
    lifecycle: {
      title: t('customer.lifecycle'), ...sortedBy(state, 'lifecycle'),
      render: (_, row) => <Mark mood={lifecycleMoods[row.lifecycle]}>{t(`lifecycle.${row.lifecycle}`)}</Mark>,
    },
    industry: {
      title: t('customer.industry'), ...sortedBy(state, 'industry'), responsive: ['md'],
      render: (_, row) => <div style={{ maxWidth: 220, whiteSpace: 'normal' }}>{industryName(row.industry, language)}</div>,
    },
    city: { title: t('customer.city'), dataIndex: 'cityName', ...sortedBy(state, 'city'), responsive: ['sm'] },
    manager: {
      title: t('customer.manager'), responsive: ['lg'],
      render: (_, row) => (
        <>
          {row.managerName || t('value.none')}
          <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
            {row.departmentName}
          </Typography.Text>
        </>
      ),
    },
    department: { title: t('column.department'), render: (_, row) => row.departmentName || t('value.none') },
    sensitive: { title: t('customer.sensitive'), render: (_, row) => yesNo(row.sensitive) },
    crossesProvinces: { title: t('customer.crossProvince'), render: (_, row) => yesNo(row.crossesProvinces) },
    keyAccount: { title: t('column.keyAccount'), render: (_, row) => row.keyAccount || t('value.none') },
    national: { title: t('customer.national'), responsive: ['xl'], render: (_, row) => yesNo(row.national) },
    createdAt: { title: t('column.createdAt'), render: (_, row) => time(row.createdAt) },
    updatedAt: { title: t('record.updatedAt'), ...sortedBy(state, 'updatedAt'), responsive: ['lg'], render: (_, row) => time(row.updatedAt) },
  }
  const chosen = state.columns.flatMap((key): TableColumnType<CustomerRow>[] => {
    const known = columnKeys.find((k) => k === key)
    if (known) return [{ key, ...all[known], responsive: undefined }]
    const attribute = attributes.find((a) => a.code === attributeOf(key))
    return attribute ? [{ key, title: nameOf(attribute, language), render: (_, row) => shown(attribute, row.attributes?.[attribute.code] ?? '') }] : []
  })
  const name: TableColumnType<CustomerRow> = {
    title: t('customer.name'), ...sortedBy(state, 'name'), width: 260,
    render: (_, row) => (
      <div style={{ minWidth: 150, maxWidth: 320, whiteSpace: 'normal' }}>
        <Link to={`/customers/${row.id}`}>{row.name}</Link>
        <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
          {row.number}
        </Typography.Text>
      </div>
    ),
  }
  return [name, ...(chosen.length > 0 ? chosen : usualColumns.map((key) => ({ key, ...all[key] })))]
}
