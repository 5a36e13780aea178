import { Input, Select } from 'antd'
import { DateInput } from '../../edit/DateInput'
import { useLanguage } from '../../language/LanguageProvider'
import { useYesNoOptions } from '../../table/yesNo'
import { nameOf, type Attribute } from './attributes'

interface Props {
  attribute: Attribute
  id?: string
  value?: string
  onChange?: (value: string) => void
  disabled?: boolean
}

/** A value of a custom attribute, as the API writes it; empty is none. */
export default function ValueInput({ attribute, value, onChange, ...input }: Props) {
  const { language } = useLanguage()
  const yesNo = useYesNoOptions().filter((o) => o.value !== '')
  switch (attribute.kind) {
    case 'date':
      return <DateInput {...input} value={value} onChange={onChange} />
    case 'choice':
    case 'flag':
      return (
        <Select
          {...input}
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          style={{ width: '100%', minWidth: 120 }}
          value={value || undefined}
          options={attribute.kind === 'flag' ? yesNo : attribute.choices.map((c) => ({ value: c.code, label: nameOf(c, language) }))}
          onChange={(picked: string | undefined) => onChange?.(picked ?? '')}
        />
      )
    default:
      return (
        <Input
          {...input}
          inputMode={attribute.kind === 'number' ? 'decimal' : undefined}
          maxLength={attribute.kind === 'text' ? attribute.longest : 24}
          suffix={attribute.unit || undefined}
          value={value}
          onChange={(e) => onChange?.(e.target.value)}
        />
      )
  }
}
