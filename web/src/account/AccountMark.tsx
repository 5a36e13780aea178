import { useTranslation } from 'react-i18next'
import { Mark } from '../table/Mark'
import type { Account } from './accounts'

/** Whether an account can be used. */
export function AccountMark({ account }: { account: Account }) {
  const { t } = useTranslation()
  if (!account.active) return <Mark mood="neutral">{t('accountState.closed')}</Mark>
  if (account.locked) return <Mark mood="bad">{t('accountState.locked')}</Mark>
  return <Mark mood="good">{t('accountState.active')}</Mark>
}
