import { useTranslation } from 'react-i18next'
import { useFormats } from '../../language/formats'
import { Mark } from '../../table/Mark'
import type { Run } from './runs'

/** How many differences are of which kind and have which cause. */
export function Causes({ causes }: { causes: Run['causes'] }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  if (causes.length === 0) return <>{t('value.none')}</>
  return (
    <ul style={{ margin: 0, paddingInlineStart: 16 }}>
      {causes.map(({ kind, cause, count }) => (
        <li key={`${kind}/${cause}`}>
          {t(`differenceKind.${kind as 'missing'}`)} · {t(`differenceCause.${cause as 'unknown'}`)}{' '}
          <Mark mood={cause === 'unknown' ? 'bad' : 'warning'}>{integer(count)}</Mark>
        </li>
      ))}
    </ul>
  )
}
