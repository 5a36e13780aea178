import { DatePicker } from 'antd'
import dayjs from 'dayjs'

interface Props {
  id?: string
  value?: string
  onChange?: (date: string) => void
  disabled?: boolean
}

/** A day as the API writes it, YYYY-MM-DD; empty is none. */
export function DateInput({ value, onChange, ...input }: Props) {
  const day = dayjs(value || null)
  return (
    <DatePicker
      {...input}
      style={{ width: '100%' }}
      format="YYYY-MM-DD"
      value={day.isValid() ? day : null}
      onChange={(picked) => onChange?.(picked ? picked.format('YYYY-MM-DD') : '')}
    />
  )
}
