import type { FormItemProps } from 'antd'
import type { ReactElement, ReactNode } from 'react'

/** How a field of a record is called, and how its values read. */
export interface FieldText<F> {
  name: keyof F & string
  label: string
  /** A value for readers; without it the value itself. */
  show?: (value: F[keyof F]) => string
}

/** A field of a form. Its values are those of the API: inputs translate what they show. */
export interface Field<F> extends FieldText<F> {
  input: ReactElement<{ disabled?: boolean }>
  rules?: FormItemProps['rules']
  help?: ReactNode
  /** For inputs that hold their value in another property, such as a switch. */
  valuePropName?: string
  /** Takes the whole width of the form. */
  wide?: boolean
}
