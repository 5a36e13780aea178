import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import type { lifecycles } from '../../reference/choices'
import { industryName } from '../../reference/industries'
import { cityName } from '../../reference/regions'
import type { Grouping } from '../customer/customers'
import type { Group } from './groups'

/** How groups are called. */
export function useGroupNames(by: Grouping): (group: Pick<Group, 'value' | 'manager'>) => string {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return ({ value, manager }) => {
    switch (by) {
      case 'manager': return value ? manager : t('chip.unassigned')
      case 'lifecycle': return t(`lifecycle.${value as (typeof lifecycles)[number]}`)
      case 'city': return cityName(value)
      case 'industry': return `${value} ${industryName(value, language)}`
      default: return value
    }
  }
}
