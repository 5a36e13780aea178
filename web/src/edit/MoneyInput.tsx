import { Input, type InputProps } from 'antd'
import { useState } from 'react'
import { readMoney, writeMoney } from './money'

interface Props extends Omit<InputProps, 'value' | 'onChange'> {
  value?: number | null
  onChange?: (fen: number | null) => void
  /** The unit is 10^places fen. */
  places: number
  unit: string
}

/** An amount of fen, typed in a larger unit. What cannot be read is NaN to the form, see readable. */
export function MoneyInput({ value, onChange, places, unit, ...input }: Props) {
  const [typed, setTyped] = useState(() => writeMoney(value, places))
  const meant = readMoney(typed, places)
  return (
    <Input
      {...input}
      inputMode="decimal"
      suffix={<span className="unit">{unit}</span>} // to be read where the field is disabled as well
      // What is typed stays as it is typed while it means the form's value.
      value={Object.is(meant, value ?? null) ? typed : writeMoney(value, places)}
      onChange={(event) => {
        setTyped(event.target.value)
        onChange?.(readMoney(event.target.value, places))
      }}
    />
  )
}

/** The rule of a form that amounts can be read. */
export const readable = (message: string) => ({
  validator: (_: unknown, fen: number | null) => (Number.isNaN(fen) ? Promise.reject(new Error(message)) : Promise.resolve()),
})
