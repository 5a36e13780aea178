import { useTranslation } from 'react-i18next'
import { lifecycleMoods, lifecycles } from '../../reference/choices'
import { Mark } from '../../table/Mark'

/** A place in the life cycle as a province has sent it, which may know more places than we do. */
export function LifecycleMark({ lifecycle }: { lifecycle: string }) {
  const { t } = useTranslation()
  const known = lifecycles.find((l) => l === lifecycle)
  return known ? <Mark mood={lifecycleMoods[known]}>{t(`lifecycle.${known}`)}</Mark> : lifecycle
}
