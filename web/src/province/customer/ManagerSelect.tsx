import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { organisationQuery } from './customers'

interface Props {
  id?: string
  value?: number | null
  onChange?: (id: number | null) => void
  disabled?: boolean
  'data-testid'?: string
}

/** An account manager, chosen by name, staff number or department. */
export function ManagerSelect({ onChange, ...select }: Props) {
  const { data, isPending } = useQuery(organisationQuery)
  const units = new Map(data?.units.map((u) => [u.id, u]))
  const options = [...units.values()]
    .filter((u) => u.kind === 'person' && (u.active || u.id === select.value))
    .map((u) => ({ value: u.id, label: [u.name, units.get(u.parentId)?.name, u.code].filter(Boolean).join(' · ') }))
  return (
    <Select
      {...select}
      showSearch={{ optionFilterProp: 'label' }}
      allowClear
      loading={isPending}
      options={options}
      popupMatchSelectWidth={320}
      onChange={(id: number | undefined) => onChange?.(id ?? null)}
    />
  )
}
