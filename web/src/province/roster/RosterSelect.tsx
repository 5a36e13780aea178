import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { rostersQuery } from './rosters'

interface Props {
  id?: string
  /** 0: none. */
  value: number
  onChange: (id: number) => void
  /** Where no label stands beside it. */
  label?: string
  /** Leaves those out that take no more customers. */
  open?: boolean
  'data-testid'?: string
}

/** A roster. */
export function RosterSelect({ value, onChange, label, open, ...select }: Props) {
  const { data, isPending } = useQuery(rostersQuery)
  const options = (data?.items ?? []).filter((r) => !open || !r.closed || r.id === value).map((r) => ({ value: r.id, label: r.name }))
  return (
    <Select
      {...select}
      aria-label={label}
      placeholder={label}
      style={label ? { minWidth: 180 } : undefined}
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
