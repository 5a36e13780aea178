import { LogoutOutlined, MenuOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { App, Button, Drawer, Grid, Layout, Menu, Typography } from 'antd'
import { Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router-dom'
import { problemText } from '../api/problem'
import { useSession, useSessionChanges, type Permission } from '../api/session'
import { useFormats } from '../language/formats'
import { useLanguage } from '../language/LanguageProvider'
import { provinceName } from '../reference/provinces'
import type { Search } from '../search/find'
import { SearchButton } from '../search/SearchButton'
import { LanguageSwitch } from './LanguageSwitch'
import { Loading } from './Outcome'

/** A page of the menu; who lacks the permission is not offered it. */
export interface Destination {
  path: string
  label: string
  icon: ReactNode
  permission: Permission
}

interface Props {
  destinations: Destination[]
  /** What is begun from any page, offered by the search. */
  actions?: Destination[]
  /** Of what the portal has, beside its pages. */
  search: Search
  children: ReactNode
}

/** What surrounds every page of a portal: header, menu and the place of the page. */
export function Frame({ destinations, actions = [], search, children }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const wide = Grid.useBreakpoint().lg ?? window.innerWidth >= 992
  const [menuOpen, setMenuOpen] = useState(false)
  const { pathname } = useLocation()
  const offered = destinations.filter((d) => may(d.permission))
  const menu = (
    <nav aria-label={t('frame.menu')} data-testid="menu">
      <Menu
        mode="inline"
        selectedKeys={offered.filter((d) => pathname === d.path || pathname.startsWith(`${d.path}/`)).map((d) => d.path)}
        onClick={() => setMenuOpen(false)}
        items={offered.map((d) => ({ key: d.path, icon: d.icon, label: <Link to={d.path}>{d.label}</Link> }))}
        style={{ borderInlineEnd: 'none' }}
      />
    </nav>
  )
  return (
    <Layout style={{ minHeight: '100vh' }}>
      <a className="skip-link" href="#content">
        {t('frame.skip')}
      </a>
      <Header
        start={
          !wide && (
            <Button icon={<MenuOutlined />} aria-label={t('frame.menu')} onClick={() => setMenuOpen(true)} data-testid="menu-open" />
          )
        }
        search={<SearchButton pages={[...offered, ...actions.filter((a) => may(a.permission))]} search={search} />}
      />
      <Layout hasSider={wide}>
        {wide ? (
          <Layout.Sider width={200}>{menu}</Layout.Sider>
        ) : (
          <Drawer placement="left" size={260} open={menuOpen} onClose={() => setMenuOpen(false)} title={t('frame.menu')} styles={{ body: { padding: 0 } }}>
            {menu}
          </Drawer>
        )}
        <Layout.Content id="content" tabIndex={-1} role="main" style={{ padding: wide ? 24 : 12, minWidth: 0, outline: 'none' }}>
          <Suspense fallback={<Loading />}>{children}</Suspense>
        </Layout.Content>
      </Layout>
    </Layout>
  )
}

function Header({ start, search }: { start: ReactNode; search: ReactNode }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  const { message } = App.useApp()
  const { setLanguage, close } = useSessionChanges()
  const onError = (error: unknown) => void message.error(problemText(t, error))
  const changeLanguage = useMutation({ mutationFn: setLanguage, onError })
  const signOut = useMutation({ mutationFn: close, onError })
  const narrow = Grid.useBreakpoint().sm === false
  return (
    <Layout.Header
      style={{
        display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '4px 12px', height: 'auto', minHeight: 56,
        paddingBlock: 8, lineHeight: 1.4, borderBottom: '1px solid #d9d9d9',
      }}
    >
      {start}
      <Typography.Text strong style={{ fontSize: 18 }}>
        {t('product.short')}
      </Typography.Text>
      <Typography.Text data-testid="node-name">{session.node.level === 'national' ? t('frame.headquarters') : provinceName(session.node.province, language, session.node.name)}</Typography.Text>
      <div style={{ flex: 1 }} />
      <div className="who">
        <Link to="/me" data-testid="session-user" style={{ display: 'block', textDecoration: 'underline' }}>
          {session.name} · {t(`role.${session.role}`)}
        </Link>
        <Typography.Text type="secondary" style={{ fontSize: 12 }} title={t('frame.dataTimeMeaning')} data-testid="data-time">
          {t('frame.dataTime', { time: dateTime(session.node.dataTime) })}
        </Typography.Text>
      </div>
      {search}
      <LanguageSwitch onChoose={(next) => changeLanguage.mutate(next)} />
      <Button
        icon={<LogoutOutlined aria-hidden />}
        aria-label={t('session.close')}
        loading={signOut.isPending}
        onClick={() => signOut.mutate()}
        data-testid="sign-out"
      >
        {!narrow && t('session.close')}
      </Button>
    </Layout.Header>
  )
}
