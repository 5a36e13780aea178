import { useTranslation } from 'react-i18next'
import { namesOn, type Handover } from './handovers'

/** Who gives or who receives customers. */
export function Names({ of, side }: { of: Handover; side: 'from' | 'to' }) {
  const { t } = useTranslation()
  const { names, others } = namesOn(of, side)
  return (
    <span>
      {names || t('handover.nobody')} {others > 0 && t('handover.others', { count: others })}
    </span>
  )
}
