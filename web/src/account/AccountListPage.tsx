import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Card, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { SideForm } from '../edit/SideForm'
import { Loaded } from '../frame/Outcome'
import { PageHead } from '../frame/PageHead'
import { useFormats } from '../language/formats'
import { DataTable } from '../table/DataTable'
import { FilterItem, Filters, OneFilter } from '../table/Filters'
import { pagination } from '../table/paging'
import { SearchBox } from '../table/SearchBox'
import { useUrlState } from '../urlstate/urlState'
import { AccountMark } from './AccountMark'
import { accountListParts, accountListQuery, accountRoles, accountStates, type Account } from './accounts'
import { NewAccountForm } from './NewAccountForm'
import { PasswordDialog } from './PasswordDialog'

/** The accounts of the node. */
export default function AccountListPage() {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const client = useQueryClient()
  const [state, change] = useUrlState(accountListParts)
  const query = useQuery(accountListQuery(state))
  const [adding, setAdding] = useState(false)
  const [password, setPassword] = useState<string>()
  const columns: TableColumnsType<Account> = [
    { title: t('account.login'), render: (_, a) => <Link to={`/accounts/${a.id}`}>{a.login}</Link> },
    { title: t('account.name'), dataIndex: 'name' },
    { title: t('account.role'), render: (_, a) => t(`role.${a.role}`) },
    { title: t('account.state'), render: (_, a) => <AccountMark account={a} /> },
    { title: t('account.lastSignIn'), responsive: ['md'], render: (_, a) => <span className="figure">{dateTime(a.lastSignIn)}</span> },
  ]
  const all = { value: '' as const, label: t('filter.all') }
  return (
    <>
      <PageHead
        title={t('accounts.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        <Button type="primary" icon={<PlusOutlined aria-hidden />} disabled={!query.data} onClick={() => setAdding(true)} data-testid="account-new">
          {t('accounts.new')}
        </Button>
      </PageHead>
      <Card size="small">
        <Filters
          first={
            <FilterItem name="q" label={t('filter.search')}>
              <SearchBox id="filter-q" value={state.q} onSearch={(q) => change({ q }, true)} placeholder={t('accounts.search')} />
            </FilterItem>
          }
          onReset={() => change({ q: '', role: '', state: '' })}
        >
          <OneFilter
            name="role" label={t('account.role')} value={state.role} onChange={(role) => change({ role })}
            options={[all, ...accountRoles.map((value) => ({ value, label: t(`role.${value}`) }))]}
          />
          <OneFilter
            name="state" label={t('account.state')} value={state.state} onChange={(next) => change({ state: next })}
            options={[all, ...accountStates.map((value) => ({ value, label: t(`accountState.${value}`) }))]}
          />
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <>
              <DataTable<Account>
                label={t('accounts.title')}
                rowKey="id"
                columns={columns}
                dataSource={page.items}
                loading={query.isPlaceholderData}
                pagination={pagination(state, page.total, change)}
                onRow={(a) => ({ 'data-testid': `account-row-${a.login}` }) as object}
              />
              <SideForm title={t('accounts.new')} open={adding} onClose={() => setAdding(false)}>
                <NewAccountForm
                  roles={page.roles}
                  onSaved={(first) => {
                    setAdding(false)
                    setPassword(first)
                    void client.invalidateQueries({ queryKey: ['accounts'] })
                  }}
                  onCancel={() => setAdding(false)}
                />
              </SideForm>
            </>
          )}
        </Loaded>
      </Card>
      <PasswordDialog password={password} onClose={() => setPassword(undefined)} />
    </>
  )
}
