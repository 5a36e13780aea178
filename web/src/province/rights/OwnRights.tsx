import { useTranslation } from 'react-i18next'
import { PermissionList } from '../../account/PermissionList'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import RightsDetail from './RightsDetail'

/** What one may do oneself, on the page of one's own account. */
export default function OwnRights() {
  const { t } = useTranslation()
  const { session } = useSession()
  return (
    <Block name="own-rights" title={t('rights.own')}>
      <Facts facts={{ [t('account.role')]: t(`role.${session.role}`), [t('rights.scope')]: t(`scope.${session.scope}`) }} />
      <RightsDetail account={0} />
      <PermissionList permissions={session.permissions} />
    </Block>
  )
}
