import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { organisationQuery } from '../province/customer/customers'

interface Props {
  id?: string
  value?: number
  onChange?: (id: number) => void
  disabled?: boolean
  'data-testid'?: string
}

/** The place in the organisation from which an account's scope starts; 0 is none. */
export function UnitSelect({ value, onChange, ...select }: Props) {
  const { data, isPending } = useQuery(organisationQuery)
  const units = new Map(data?.units.map((u) => [u.id, u]))
  const options = [...units.values()]
    .filter((u) => u.active || u.id === value)
    .map((u) => ({ value: u.id, label: [u.name, units.get(u.parentId)?.name, u.code].filter(Boolean).join(' · ') }))
  return (
    <Select
      {...select}
      value={value || undefined}
      showSearch={{ optionFilterProp: 'label' }}
      allowClear
      loading={isPending}
      options={options}
      popupMatchSelectWidth={320}
      onChange={(id: number | undefined) => onChange?.(id ?? 0)}
    />
  )
}

/** The name of a unit with that of the one above. */
export function useUnitName() {
  const { data } = useQuery(organisationQuery)
  return (id: number) => {
    const unit = data?.units.find((u) => u.id === id)
    const above = data?.units.find((u) => u.id === unit?.parentId)
    return [above?.name, unit?.name].filter(Boolean).join(' · ')
  }
}
