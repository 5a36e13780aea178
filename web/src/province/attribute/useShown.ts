import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { nameOf, type Attribute } from './attributes'

/** How values of an attribute read. */
export function useShown(): (attribute: Attribute, value: string) => string {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (attribute, value) => {
    if (value === '') return t('value.none')
    switch (attribute.kind) {
      case 'choice': {
        const option = attribute.choices.find((c) => c.code === value)
        return option ? nameOf(option, language) : value
      }
      case 'flag':
        return t(value === 'true' ? 'value.yes' : 'value.no')
      case 'number':
        return attribute.unit ? `${value} ${attribute.unit}` : value
      default:
        return value
    }
  }
}
