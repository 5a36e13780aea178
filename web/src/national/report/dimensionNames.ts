import { useCallback } from 'react'
import { useLanguage } from '../../language/LanguageProvider'
import { industryName } from '../../reference/industries'
import { provinceName } from '../../reference/provinces'
import { cityName } from '../../reference/regions'
import type { Dimension } from './report'

/** How the values of dimensions read. */
export function useDimensionNames() {
  const { language } = useLanguage()
  return useCallback(
    (dimension: Dimension | undefined, value: string) => {
      if (dimension === 'province') return provinceName(Number(value), language)
      if (dimension === 'industry') return industryName(value, language)
      return dimension === 'city' ? cityName(value) : value
    },
    [language],
  )
}
