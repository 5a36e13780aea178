import { DatePicker } from 'antd'
import dayjs from 'dayjs'

interface Props {
  id?: string
  value?: string
  onChange?: (time: string) => void
  disabled?: boolean
}

/** A moment as the API writes it, in UTC; people see their own zone. Empty is none. */
export function TimeInput({ value, onChange, ...input }: Props) {
  const time = dayjs(value || null)
  return (
    <DatePicker
      {...input}
      showTime
      style={{ width: '100%' }}
      format="YYYY-MM-DD HH:mm"
      value={time.isValid() ? time : null}
      onChange={(picked) => onChange?.(picked ? picked.toISOString() : '')}
    />
  )
}
