import { useTranslation } from 'react-i18next'

/** A filter of a flag: all, those that have it, those that have it not. */
export function useYesNoOptions() {
  const { t } = useTranslation()
  return [
    { value: '' as const, label: t('filter.all') },
    { value: 'true' as const, label: t('value.yes') },
    { value: 'false' as const, label: t('value.no') },
  ]
}
