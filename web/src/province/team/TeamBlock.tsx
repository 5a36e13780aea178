import { UserAddOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Collapse, Popconfirm, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { Mark } from '../../table/Mark'
import type { Customer } from '../customer/customers'
import { NameMember } from './NameMember'
import { teamQuery, type TeamMember } from './teams'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** Who serves a customer beside its account manager, with what duty and until when; and who did. */
export default function TeamBlock({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [open, setOpen] = useState(false)
  const query = useQuery(teamQuery(customer.id))
  const close = () => setOpen(false)
  return (
    <Block
      name="team"
      title={t('team.title')}
      actions={
        may('team.name') &&
        customer.mergedInto === null && (
          <Button size="small" icon={<UserAddOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="team-new">
            {t('team.new')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) => {
          const over = items.filter((m) => m.state === 'over')
          const now = items.filter((m) => m.state !== 'over')
          return (
            <>
              {now.length === 0 ? <p>{t('team.none')}</p> : <Members members={now} reread={reread} />}
              {over.length > 0 && (
                <Collapse ghost items={[{ key: 'over', label: t('team.over', { count: over.length }), children: <Members members={over} reread={reread} /> }]} />
              )}
            </>
          )
        }}
      </Loaded>
      <SideForm title={t('team.new')} open={open} onClose={close}>
        <NameMember customerId={customer.id} reread={reread} onDone={close} />
      </SideForm>
    </Block>
  )
}

function Members({ members, reread }: { members: TeamMember[]; reread: () => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <ul style={{ margin: 0, padding: 0, listStyle: 'none' }}>
      {members.map((m) => (
        <li key={m.id} style={{ paddingBlock: 4, overflowWrap: 'anywhere' }} data-testid={`team-member-${m.login}`} data-state={m.state}>
          <strong>{t(`teamDuty.${m.duty}`)}</strong> {m.name} ({m.login}){m.unit && ` · ${m.unit}`}{' '}
          {m.state === 'planned' && <Mark mood="waiting">{t('team.planned')}</Mark>}
          <div>
            <Typography.Text type="secondary">
              <span className="figure">
                {m.from} – {m.until}
              </span>{' '}
              · {t('team.namedBy', { by: m.namedBy })}
              {m.endedAt && ` · ${t('team.endedBy', { by: m.endedBy, at: dateTime(m.endedAt) })}`}
            </Typography.Text>{' '}
            {m.state !== 'over' && <End member={m} reread={reread} />}
          </div>
        </li>
      ))}
    </ul>
  )
}

/** Ends a membership: one's own, or one that one may name. */
function End({ member: m, reread }: { member: TeamMember; reread: () => void }) {
  const { t } = useTranslation()
  const { session, may } = useSession()
  const { message } = App.useApp()
  const end = useMutation({
    mutationFn: () => answer(province.POST('/api/team-members/{id}/end', { params: { path: { id: m.id } } })),
    onSuccess: () => message.success(t('team.ended')),
    onError: (error) => message.error(problemText(t, error)),
    onSettled: reread,
  })
  if (!may('team.name') && m.login !== session.login) return null
  const who = { name: m.name, duty: t(`teamDuty.${m.duty}`) }
  return (
    <Popconfirm title={t('team.endConfirm', who)} okText={t('team.end')} okButtonProps={{ 'data-testid': 'team-end-confirm' }} onConfirm={() => end.mutate()}>
      <Button size="small" loading={end.isPending} aria-label={t('team.endOf', who)} data-testid={`team-end-${m.login}`}>
        {t('team.end')}
      </Button>
    </Popconfirm>
  )
}
