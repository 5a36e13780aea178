import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'

/** Permissions in words. */
export function PermissionList({ permissions }: { permissions: string[] }) {
  const { t, i18n } = useTranslation()
  const name = (permission: string) => {
    const key = `permission.${permission}`
    return i18n.exists(key) ? t(key as 'permission.audit.read') : permission
  }
  return (
    <>
      <h3 style={{ fontSize: 14 }}>{t('rights.permissions', { count: permissions.length })}</h3>
      <ul style={{ display: 'flex', flexWrap: 'wrap', gap: 4, margin: 0, padding: 0, listStyle: 'none' }}>
        {permissions.map((permission) => (
          <li key={permission}>
            <Tag title={permission}>{name(permission)}</Tag>
          </li>
        ))}
      </ul>
    </>
  )
}
