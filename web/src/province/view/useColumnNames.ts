import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { attributeOf } from '../customer/customers'
import { columnKeys, type ColumnKey } from './views'

const texts = {
  creditCode: 'customer.creditCode', class: 'customer.class', lifecycle: 'customer.lifecycle', industry: 'customer.industry', city: 'customer.city',
  manager: 'customer.manager', department: 'column.department', sensitive: 'customer.sensitive', crossesProvinces: 'customer.crossProvince',
  keyAccount: 'column.keyAccount', national: 'customer.national', createdAt: 'column.createdAt', updatedAt: 'record.updatedAt',
} as const satisfies Record<ColumnKey, string>

/** How columns are called; one that is not known by its key. */
export function useColumnNames(): (key: string) => string {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const attributes = useQuery(attributesQuery).data?.items ?? []
  return (key) => {
    const known = columnKeys.find((k) => k === key)
    if (known) return t(texts[known])
    const attribute = attributes.find((a) => a.code === attributeOf(key))
    return attribute ? nameOf(attribute, language) : key
  }
}
