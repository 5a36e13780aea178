import { useQuery } from '@tanstack/react-query'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../api/session'
import { Block } from '../frame/Block'
import { Facts } from '../frame/Facts'
import { Loaded } from '../frame/Outcome'
import { lazyPart } from '../language/lazyPart'
import { rightsQuery, type Account, type Rights } from './accounts'
import { PermissionList } from './PermissionList'
import { useUnitName } from './UnitSelect'

const RightsDetail = lazyPart('province', () => import('../province/rights/RightsDetail'))

/** What an account may do and which customers it reaches; in a province, also why. */
export function RightsBlock({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const query = useQuery(rightsQuery(account.id))
  const inProvince = session.node.level === 'province'
  return (
    <Block name="rights" title={t('rights.title')}>
      <p>{t('rights.note')}</p>
      <Loaded query={query}>
        {(rights) =>
          rights.permissions.length === 0 ? (
            <p>{t('rights.none')}</p>
          ) : (
            <>
              <Facts facts={{ [t('rights.scope')]: inProvince ? <Reach rights={rights} /> : t(`scope.${rights.scope}`) }} />
              {inProvince && (
                <Suspense>
                  <RightsDetail account={account.id} />
                </Suspense>
              )}
              <PermissionList permissions={rights.permissions} />
            </>
          )
        }
      </Loaded>
    </Block>
  )
}

/** How far an account reaches, and from where. */
function Reach({ rights }: { rights: Rights }) {
  const { t } = useTranslation()
  const nameOf = useUnitName()
  const unit = rights.scope === 'own' || rights.scope === 'department' ? nameOf(rights.unitId) : ''
  return [t(`scope.${rights.scope}`), unit].filter(Boolean).join(' · ')
}
