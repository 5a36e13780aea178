import { FilterOutlined } from '@ant-design/icons'
import { Button, Grid, Select } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface FiltersProps {
  /** The one that is always in sight. */
  first?: ReactNode
  children: ReactNode
  onReset?: () => void
}

/** What a list is narrowed by. On a phone all but the first are put away until they are asked for. */
export function Filters({ first, children, onReset }: FiltersProps) {
  const { t } = useTranslation()
  const narrow = Grid.useBreakpoint().sm === false
  const [open, setOpen] = useState(false)
  return (
    <div role="search" className="filters" data-testid="filters">
      {first}
      {narrow && first && (
        <Button
          icon={<FilterOutlined aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          style={{ marginBottom: 12 }}
          data-testid="filters-toggle"
        >
          {t('filter.more')}
        </Button>
      )}
      {(!narrow || !first || open) && (
        <>
          {children}
          {onReset && (
            <div>
              <Button onClick={onReset} data-testid="filter-reset">
                {t('filter.reset')}
              </Button>
            </div>
          )}
        </>
      )}
    </div>
  )
}

interface ItemProps {
  name: string
  label: string
}

/** A filter with its label. What is in it has the id filter-NAME. */
export function FilterItem({ name, label, children }: ItemProps & { children: ReactNode }) {
  return (
    <div>
      <label htmlFor={`filter-${name}`}>{label}</label>
      {children}
    </div>
  )
}

interface OneProps<T> extends ItemProps {
  value: T
  options: { value: T; label: string }[]
  onChange: (value: T) => void
}

/** A filter of which one value holds. */
export function OneFilter<T extends string | number>({ name, label, ...select }: OneProps<T>) {
  return (
    <FilterItem name={name} label={label}>
      <Select<T> {...select} id={`filter-${name}`} showSearch={{ optionFilterProp: 'label' }} data-testid={`filter-${name}`} />
    </FilterItem>
  )
}

interface ManyProps<T> extends ItemProps {
  value: T[]
  options: { value: T; label: string }[]
  onChange: (values: T[]) => void
}

/** A filter of which any of several values may hold; none is all. */
export function ManyFilter<T extends string | number>({ name, label, ...select }: ManyProps<T>) {
  return (
    <FilterItem name={name} label={label}>
      <Select<T[], { value: T; label: string }>
        {...select}
        id={`filter-${name}`}
        mode="multiple"
        allowClear
        maxTagCount="responsive"
        showSearch={{ optionFilterProp: 'label' }}
        popupMatchSelectWidth={280}
        data-testid={`filter-${name}`}
      />
    </FilterItem>
  )
}
