import { useTranslation } from 'react-i18next'
import { Mark } from '../../table/Mark'
import { reserve, type ProvinceState } from './board'

/** How long the province's log, its leaf server and the hub can wait. */
export function Reserves({ province: p }: { province: ProvinceState }) {
  const { t } = useTranslation()
  const parts = [['log', p.logDays], ['leaf', p.leafDays], ['hub', p.hubDays]] as const
  return (
    <div data-testid={`board-reserve-${p.code}`}>
      {parts.map(([name, left]) => {
        const { mood, days, text } = reserve(left)
        return (
          <div key={name} style={{ whiteSpace: 'nowrap' }}>
            {t(`board.reserve.${name}`)} <Mark mood={mood}>{t(`board.reserve.${text}`, { days })}</Mark>
          </div>
        )
      })}
    </div>
  )
}
