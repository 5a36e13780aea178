import { DisconnectOutlined, EditOutlined, KeyOutlined, SwapOutlined, UnlockOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Input, Popconfirm, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { answer, province } from '../api/client'
import { problemText } from '../api/problem'
import { useSession } from '../api/session'
import { EditForm } from '../edit/EditForm'
import type { Field } from '../edit/field'
import { SideForm } from '../edit/SideForm'
import { Block } from '../frame/Block'
import { Facts } from '../frame/Facts'
import { Loaded, UnknownPage } from '../frame/Outcome'
import { PageHead } from '../frame/PageHead'
import { useFormats } from '../language/formats'
import { AccountMark } from './AccountMark'
import { accountFactsOf, accountQuery, accountRoles, accountSessionsQuery, type Account, type AccountFacts } from './accounts'
import { PasswordDialog } from './PasswordDialog'
import { RightsBlock } from './RightsBlock'
import { SessionTable } from './SessionTable'
import { UnitSelect, useUnitName } from './UnitSelect'

export default function AccountPage() {
  const { id = '' } = useParams()
  if (!/^\d+$/.test(id)) return <UnknownPage />
  return <AccountOf key={id} id={Number(id)} />
}

function AccountOf({ id }: { id: number }) {
  const query = useQuery(accountQuery(id))
  return <Loaded query={query}>{(account) => <Blocks account={account} />}</Loaded>
}

function Blocks({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { session, may } = useSession()
  const { dateTime } = useFormats()
  const { message } = App.useApp()
  const client = useQueryClient()
  const [editing, setEditing] = useState(false)
  const [password, setPassword] = useState<string>()
  const inProvince = session.node.level === 'province'
  const own = session.login === account.login
  const path = { params: { path: { id: account.id } } }
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: ['account', account.id] })
    void client.invalidateQueries({ queryKey: ['accounts'] })
  }
  const onError = (error: unknown) => void message.error(problemText(t, error))
  const reset = useMutation({
    mutationFn: () => answer(province.POST('/api/accounts/{id}/password', path)),
    onSuccess: (made) => setPassword(made.password),
    onError, onSettled,
  })
  const unlock = useMutation({ mutationFn: () => answer(province.POST('/api/accounts/{id}/unlock', path)), onError, onSettled })
  const unbind = useMutation({ mutationFn: () => answer(province.DELETE('/api/accounts/{id}/subject', path)), onError, onSettled })
  const facts = {
    [t('account.name')]: account.name,
    [t('account.role')]: t(`role.${account.role}`),
    ...(inProvince && { [t('account.unit')]: <UnitName id={account.unitId} /> }),
    [t('account.state')]: <AccountMark account={account} />,
    [t('account.lockedUntil')]: account.locked ? dateTime(account.lockedUntil) : t('value.none'),
    [t('account.lastSignIn')]: dateTime(account.lastSignIn),
    [t('account.passwordAt')]: dateTime(account.passwordAt),
    [t('account.mustChange')]: t(account.mustChangePassword ? 'value.yes' : 'value.no'),
    [t('account.createdAt')]: dateTime(account.createdAt),
    ...(account.subject && { [t('binding.subject')]: t('binding.since', { subject: account.subject, at: dateTime(account.boundAt) }) }),
  }
  return (
    <div data-testid="account" data-version={account.version}>
      <PageHead title={account.login} note={account.name}>
        {account.locked && (
          <Button icon={<UnlockOutlined aria-hidden />} loading={unlock.isPending} onClick={() => unlock.mutate()} data-testid="account-unlock">
            {t('account.unlock')}
          </Button>
        )}
        {inProvince && account.role === 'account_manager' && may('customer.assign') && (
          <Link to={`/handovers/new?manager=${account.unitId}`}>
            <Button icon={<SwapOutlined aria-hidden />} tabIndex={-1} data-testid="account-handover">
              {t('handover.all')}
            </Button>
          </Link>
        )}
        {account.subject && (
          <Popconfirm title={t('binding.undoConfirm')} okText={t('binding.undo')} okButtonProps={{ 'data-testid': 'account-unbind-confirm' }} onConfirm={() => unbind.mutate()}>
            <Button icon={<DisconnectOutlined aria-hidden />} loading={unbind.isPending} data-testid="account-unbind">
              {t('binding.undo')}
            </Button>
          </Popconfirm>
        )}
        {!own && (
          <Popconfirm title={t('account.resetConfirm')} okText={t('account.reset')} okButtonProps={{ 'data-testid': 'account-reset-confirm' }} onConfirm={() => reset.mutate()}>
            <Button icon={<KeyOutlined aria-hidden />} loading={reset.isPending} data-testid="account-reset">
              {t('account.reset')}
            </Button>
          </Popconfirm>
        )}
        <Button type="primary" icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)} data-testid="account-edit">
          {t('action.edit')}
        </Button>
      </PageHead>
      <div className="stack">
        <Block name="account" title={t('account.facts')}>
          <Facts facts={facts} />
        </Block>
        <RightsBlock account={account} />
        <AccountSessions account={account} />
      </div>
      <SideForm title={t('account.edit')} open={editing} onClose={() => setEditing(false)}>
        <AccountForm
          account={account}
          own={own}
          onSaved={() => {
            void message.success(t('record.saved'))
            setEditing(false)
            onSettled()
          }}
          onCancel={() => setEditing(false)}
        />
      </SideForm>
      <PasswordDialog password={password} onClose={() => setPassword(undefined)} />
    </div>
  )
}

function UnitName({ id }: { id: number }) {
  const { t } = useTranslation()
  const nameOf = useUnitName()
  return (id && nameOf(id)) || t('value.none')
}

interface FormProps {
  account: Account
  own: boolean
  onSaved: () => void
  onCancel: () => void
}

function AccountForm({ account, own, onSaved, onCancel }: FormProps) {
  const { t } = useTranslation()
  const { session } = useSession()
  const nameOf = useUnitName()
  const inProvince = session.node.level === 'province'
  const offered = accountRoles.filter((role) => role.startsWith('headquarters') !== inProvince)
  const help = own ? t('account.ownRights') : undefined
  const fields: Field<AccountFacts>[] = [
    { name: 'name', label: t('account.name'), rules: [{ required: true, whitespace: true, message: t('problem.input.required') }], input: <Input maxLength={60} /> },
    {
      name: 'role', label: t('account.role'), help, show: (value) => t(`role.${value as Account['role']}`),
      input: <Select options={offered.map((value) => ({ value, label: t(`role.${value}`) }))} />,
    },
    ...(inProvince
      ? [{ name: 'unitId' as const, label: t('account.unit'), help: t('account.unitRule'), input: <UnitSelect />, show: (value: unknown) => nameOf(value as number) }]
      : []),
    {
      name: 'active', label: t('account.active'), valuePropName: 'checked', input: <Switch />,
      show: (value) => t(value ? 'value.yes' : 'value.no'),
    },
  ]
  return (
    <EditForm<Account, AccountFacts>
      name="account"
      record={account}
      factsOf={accountFactsOf}
      fields={fields}
      locked={own ? ['role', 'unitId', 'active'] : []}
      save={(facts, version) =>
        answer(province.PUT('/api/accounts/{id}', { params: { path: { id: account.id } }, body: { ...facts, unitId: facts.unitId ?? 0, version } }))
      }
      onSaved={onSaved}
      onCancel={onCancel}
    />
  )
}

function AccountSessions({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useQuery(accountSessionsQuery(account.id))
  return (
    <Block name="sessions" title={t('sessions.title')}>
      <Loaded query={query}>
        {({ items }) => (
          <SessionTable
            sessions={items}
            end={(session) => answer(province.DELETE('/api/accounts/{id}/sessions/{session}', { params: { path: { id: account.id, session } } }))}
            onEnded={() => void query.refetch()}
          />
        )}
      </Loaded>
    </Block>
  )
}
