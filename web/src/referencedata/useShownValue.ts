import { useTranslation } from 'react-i18next'
import { useFormats } from '../language/formats'
import { textIfKnown } from '../language/language'
import { useAmount } from '../language/useAmount'
import type { DataField } from './kinds'

/** How a value of reference data reads. */
export function useShownValue() {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const amount = useAmount()
  return ({ name, look }: DataField, value: unknown): string => {
    if (value === null || value === undefined || value === '') return t('value.none')
    switch (look) {
      case 'choice': {
        const meant = `${name}.${String(value)}`
        return textIfKnown(`referenceValue.${meant}`, String(value))
      }
      case 'count':
        return integer(Number(value))
      case 'money':
        return amount(Number(value))
      case 'time':
        return dateTime(String(value))
      case 'document':
        return JSON.stringify(value)
      default:
        return String(value)
    }
  }
}
