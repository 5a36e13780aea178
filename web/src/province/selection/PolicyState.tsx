import { useTranslation } from 'react-i18next'
import { Mark } from '../../table/Mark'
import { policyMoods, type Policy } from './policies'

/** Where a version stands. */
export function PolicyState({ policy }: { policy: Policy }) {
  const { t } = useTranslation()
  return policy.rollout?.paused && !policy.rollout.finishedAt ? (
    <Mark mood="warning" data-testid="policy-state">
      {t('policy.paused')}
    </Mark>
  ) : (
    <Mark mood={policyMoods[policy.state]} data-testid="policy-state">
      {t(`policyState.${policy.state}`)}
    </Mark>
  )
}
