import { useTranslation } from 'react-i18next'
import { useFormats } from './formats'

/** Writes a single amount of fen with the unit that suits it. */
export function useAmount() {
  const { t } = useTranslation()
  const { money, moneyUnit } = useFormats()
  return (fen: number | null) => {
    const unit = moneyUnit([fen])
    return fen === null ? t('value.none') : `${money(fen, unit)} ${t(`unit.${unit.name}`)}`
  }
}
