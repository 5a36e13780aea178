import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { useEffect, useState } from 'react'
import { customerListParts, customerListQuery } from './customers'
import { readState } from '../../urlstate/urlState'

interface Props {
  id?: string
  value?: number | null
  onChange?: (id: number | null) => void
  disabled?: boolean
  /** The customer that is chosen when the form opens. */
  known?: { id: number; name: string } | null
  'data-testid'?: string
}

const pause = 300
const usual = readState(customerListParts, new URLSearchParams())

/** Another customer, found by its name, number or credit code. */
export function CustomerSelect({ onChange, known, ...select }: Props) {
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), pause)
    return () => clearTimeout(timer)
  }, [typed])
  const { data, isFetching } = useQuery({ ...customerListQuery({ ...usual, q }), enabled: q !== '' })
  const found = q === '' ? [] : (data?.items ?? [])
  const options = found.map((c) => ({ value: c.id, label: `${c.name} · ${c.number}` }))
  if (known && !found.some((c) => c.id === known.id)) options.push({ value: known.id, label: known.name })
  return (
    <Select
      {...select}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      loading={isFetching}
      options={options}
      onChange={(id: number | undefined) => onChange?.(id ?? null)}
    />
  )
}
