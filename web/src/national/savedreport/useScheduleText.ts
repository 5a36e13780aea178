import { useTranslation } from 'react-i18next'
import { weekdays, type Settings } from './savedReports'

/** When a report is made, in words. */
export function useScheduleText() {
  const { t } = useTranslation()
  return ({ every, day, at }: Settings['schedule']) => {
    switch (every) {
      case 'daily':
        return t('savedReport.everyDay', { at })
      case 'weekly':
        return t('savedReport.everyWeek', { at, day: t(`weekday.${weekdays[day - 1] ?? 1}`) })
      case 'monthly':
        return t('savedReport.everyMonth', { at, day })
      default:
        return t('frequency.never')
    }
  }
}
