import { EditOutlined, LogoutOutlined, PlusOutlined, UploadOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Radio, Space, type TableColumnsType } from 'antd'
import type { TFunction } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { SearchBox } from '../../table/SearchBox'
import { useUrlState } from '../../urlstate/urlState'
import { useReread } from '../overview/overview'
import { ImportMembers } from './ImportMembers'
import { LeaveDialog } from './LeaveDialog'
import { MemberForm } from './MemberForm'
import { memberListParts, memberListQuery, type Member, type MemberPage } from './members'

/** The phone lines that belong to a customer. */
export function MembersBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer } = useFormats()
  const [state, change] = useUrlState(memberListParts)
  const [edited, setEdited] = useState<Member | 'new'>()
  const [importing, setImporting] = useState(false)
  const [leaving, setLeaving] = useState<Member>()
  const query = useQuery(memberListQuery(customerId, state))
  const reread = useRereadMembers(customerId)
  const mayWrite = may('member.write')
  const title = query.data ? t('members.counted', { count: integer(query.data.joined) }) : t('members.title')
  const close = () => setEdited(undefined)
  return (
    <Block
      whole
      name="members"
      title={title}
      actions={
        mayWrite && (
          <Space wrap>
            <Button icon={<UploadOutlined aria-hidden />} onClick={() => setImporting(true)} data-testid="members-import-open">
              {t('membersImport.open')}
            </Button>
            <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="member-new">
              {t('member.new')}
            </Button>
          </Space>
        )
      }
    >
      {query.data && <Difference page={query.data} />}
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, marginBottom: 12 }}>
        <Radio.Group
          value={state.members}
          aria-label={t('member.state')}
          onChange={(event) => change({ members: event.target.value as 'joined' | 'left', memberPage: 1 })}
          optionType="button"
          options={[{ value: 'joined', label: t('memberState.joined') }, { value: 'left', label: t('memberState.left') }]}
          data-testid="members-state"
        />
        <div style={{ flex: '1 1 220px', maxWidth: 360 }}>
          <SearchBox
            label={t('members.searchHint')}
            value={state.memberText}
            onSearch={(memberText) => change({ memberText, memberPage: 1 }, true)}
            placeholder={t('members.searchHint')}
          />
        </div>
      </div>
      <Loaded query={query}>
        {(page) => (
          <DataTable<Member>
            label={t('members.title')}
            rowKey="id"
            columns={columnsOf(t, state.members, mayWrite && state.members === 'joined' ? { edit: setEdited, leave: setLeaving } : undefined)}
            dataSource={page.items}
            loading={query.isPlaceholderData}
            pagination={pagination({ page: state.memberPage, size: state.memberSize }, page.total, (to) =>
              change({ memberPage: to.page ?? state.memberPage, memberSize: to.size ?? state.memberSize }))}
            onRow={(m) => ({ 'data-testid': `member-row-${m.phone}` }) as object}
          />
        )}
      </Loaded>
      <SideForm title={t(edited === 'new' ? 'member.new' : 'member.edit')} open={edited !== undefined} onClose={close}>
        <MemberForm customerId={customerId} member={edited === 'new' ? undefined : edited} onSaved={reread} onClose={close} />
      </SideForm>
      <SideForm title={t('membersImport.title')} open={importing} onClose={() => setImporting(false)}>
        <ImportMembers customerId={customerId} />
      </SideForm>
      {leaving && <LeaveDialog key={leaving.id} member={leaving} onLeft={reread} onClose={() => setLeaving(undefined)} />}
    </Block>
  )
}

/** Reads the members anew after a change, and the customer's history with them. */
export function useRereadMembers(customerId: number) {
  const client = useQueryClient()
  const rereadCustomer = useReread(customerId)
  return () => {
    void client.invalidateQueries({ queryKey: ['members', customerId] })
    rereadCustomer()
  }
}

/** Says that BOSS counts other members than the file has, where it does. */
function Difference({ page }: { page: MemberPage }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  if (page.statedAt === null || page.stated === page.joined) return null
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 12 }}
      title={t('members.differs', { stated: integer(page.stated), joined: integer(page.joined), time: dateTime(page.statedAt) })}
      data-testid="members-differ"
    />
  )
}

function columnsOf(t: TFunction, state: 'joined' | 'left', act?: { edit: (m: Member) => void; leave: (m: Member) => void }): TableColumnsType<Member> {
  return [
    { title: t('member.phone'), render: (_, m) => <span className="figure">{m.phone}</span> },
    { title: t('member.name'), render: (_, m) => m.name || t('value.none') },
    { title: t('member.department'), render: (_, m) => m.department || t('value.none') },
    { title: t('member.duty'), render: (_, m) => m.duty || t('value.none') },
    { title: t('member.shortNumber'), render: (_, m) => <span className="figure">{m.shortNumber || t('value.none')}</span> },
    { title: t('member.joinedOn'), dataIndex: 'joinedOn' },
    ...(state === 'left' ? [{ title: t('member.leftOn'), dataIndex: 'leftOn' }] : []),
    ...(act
      ? [{
          title: t('list.actions'),
          render: (_: unknown, m: Member) => (
            <Space>
              <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => act.edit(m)} data-testid={`member-edit-${m.phone}`}>
                {t('action.edit')}
              </Button>
              <Button size="small" danger icon={<LogoutOutlined aria-hidden />} onClick={() => act.leave(m)} data-testid={`member-leave-${m.phone}`}>
                {t('member.leave')}
              </Button>
            </Space>
          ),
        }]
      : []),
  ]
}
