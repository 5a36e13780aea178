import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { lazyPart } from '../../language/lazyPart'
import { FilterItem } from '../../table/Filters'
import { attributesQuery, nameOf } from './attributes'

// The list is the first page: what takes days comes when it is needed.
const ValueInput = lazyPart('province', () => import('./ValueInput'))

interface Props {
  attribute: string
  value: string
  onChange: (next: { attribute: string; value: string }) => void
}

/** Narrows a list to one value of a custom attribute; nothing where there is no attribute. */
export function AttributeFilter({ attribute, value, onChange }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const list = useQuery(attributesQuery).data?.items ?? []
  const chosen = list.find((a) => a.code === attribute)
  if (list.length === 0) return null
  return (
    <>
      <FilterItem name="attribute" label={t('attributes.title')}>
        <Select
          id="filter-attribute"
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          style={{ width: '100%', minWidth: 140 }}
          value={chosen?.code}
          options={list.map((a) => ({ value: a.code, label: nameOf(a, language) }))}
          onChange={(code: string | undefined) => onChange({ attribute: code ?? '', value: '' })}
          data-testid="filter-attribute"
        />
      </FilterItem>
      {chosen && (
        <FilterItem name="value" label={nameOf(chosen, language)}>
          <Suspense>
            <ValueInput key={chosen.code} attribute={chosen} id="filter-value" value={value} onChange={(next) => onChange({ attribute, value: next })} />
          </Suspense>
        </FilterItem>
      )}
    </>
  )
}
