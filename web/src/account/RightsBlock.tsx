import { useQuery } from '@tanstack/react-query'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../api/session'
import { Block } from '../frame/Block'
import { Facts } from '../frame/Facts'
import { Loaded } from '../frame/Outcome'
import { namingsQuery, rightsQuery, type Account, type Rights } from './accounts'
import { useUnitName } from './UnitSelect'

/** What an account may do, which customers it reaches, and for which sensitive ones it is named. */
export function RightsBlock({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { session, may } = useSession()
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
              <Permissions list={rights.permissions} />
            </>
          )
        }
      </Loaded>
      {inProvince && may('customer.sensitive') && <Namings accountId={account.id} />}
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

function Permissions({ list }: { list: string[] }) {
  const { t, i18n } = useTranslation()
  const name = (permission: string) => {
    const key = `permission.${permission}`
    return i18n.exists(key) ? t(key as 'permission.audit.read') : permission
  }
  return (
    <>
      <h3 style={{ fontSize: 14 }}>{t('rights.permissions', { count: list.length })}</h3>
      <ul style={{ display: 'flex', flexWrap: 'wrap', gap: 4, margin: 0, padding: 0, listStyle: 'none' }}>
        {list.map((permission) => (
          <li key={permission}>
            <Tag title={permission}>{name(permission)}</Tag>
          </li>
        ))}
      </ul>
    </>
  )
}

function Namings({ accountId }: { accountId: number }) {
  const { t } = useTranslation()
  const { data } = useQuery(namingsQuery(accountId))
  if (!data || data.items.length === 0) return null
  return (
    <>
      <h3 style={{ fontSize: 14 }}>{t('rights.named')}</h3>
      <ul>
        {data.items.map((n) => (
          <li key={n.id}>
            <Link to={`/customers/${n.id}`}>{n.name}</Link> {t('rights.namedUntil', { until: n.until, reason: n.reason })}
          </li>
        ))}
      </ul>
    </>
  )
}
