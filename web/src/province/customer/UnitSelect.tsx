import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { organisationQuery } from './customers'

interface Props {
  id?: string
  /** 0: none. */
  value: number
  onChange: (id: number) => void
  'data-testid'?: string
}

/** A city's branch or a department, which stands for everybody within it. Departments follow their city. */
export function UnitSelect({ value, onChange, ...select }: Props) {
  const { data, isPending } = useQuery(organisationQuery)
  const units = (data?.units ?? []).filter((u) => u.active || u.id === value)
  const options = units
    .filter((u) => u.kind === 'city')
    .flatMap((city) => [
      { value: city.id, label: city.name },
      ...units.filter((u) => u.kind === 'department' && u.parentId === city.id).map((u) => ({ value: u.id, label: `${city.name} · ${u.name}` })),
    ])
  return (
    <Select
      {...select}
      value={value || undefined}
      showSearch={{ optionFilterProp: 'label' }}
      allowClear
      loading={isPending}
      options={options}
      popupMatchSelectWidth={280}
      onChange={(id: number | undefined) => onChange(id ?? 0)}
    />
  )
}
