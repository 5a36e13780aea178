import { EditOutlined, PaperClipOutlined, PlusOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Checkbox, Empty, Timeline, Typography } from 'antd'
import dayjs from 'dayjs'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { Changed } from '../../audit/Changed'
import { changedFields } from '../../audit/changedFields'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { Mark } from '../../table/Mark'
import { choices, useUrlState } from '../../urlstate/urlState'
import { eventKinds, timelineQuery, type Event } from '../interaction/interactions'
import type { Wish } from '../wish/wishes'
import { WishState } from '../wish/WishState'
import type { Overview } from './overview'

const InteractionForm = lazy(() => import('../interaction/InteractionForm'))

const parts = { events: choices(eventKinds) }

/** What happened with the customer, of all sources in the order of time. */
export default function TimelineBlock({ overview: { customer, contacts } }: { overview: Overview }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [state, change] = useUrlState(parts)
  const query = useInfiniteQuery(timelineQuery(customer.id, state.events))
  const [edited, setEdited] = useState<number | 'new'>()
  const write = may('interaction.write') && customer.mergedInto === null
  const close = () => setEdited(undefined)
  return (
    <Block
      whole
      name="timeline"
      title={t('overview.timeline')}
      actions={
        write && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="interaction-new">
            {t('interaction.new')}
          </Button>
        )
      }
    >
      <div role="group" aria-label={t('timeline.kinds')} style={{ marginBottom: 16 }} data-testid="timeline-kinds">
        <Checkbox.Group<Event['kind']>
          options={eventKinds.map((value) => ({ value, label: t(`eventKind.${value}`) }))}
          value={state.events}
          onChange={(events) => change({ events })}
        />
      </div>
      <Loaded query={query}>
        {({ pages }) => (
          <>
            {pages[0]?.items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />}
            <Timeline
              items={pages
                .flatMap((page) => page.items)
                .map((event) => ({ key: event.key, content: <Happened event={event} onEdit={write ? setEdited : undefined} /> }))}
            />
            {query.hasNextPage && (
              <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage} data-testid="timeline-more">
                {t('timeline.more')}
              </Button>
            )}
          </>
        )}
      </Loaded>
      <SideForm title={t(edited === 'new' ? 'interaction.new' : 'interaction.edit')} open={edited !== undefined} onClose={close}>
        <Suspense>
          <InteractionForm customerId={customer.id} contacts={contacts} interactionId={edited === 'new' ? undefined : edited} onClose={close} />
        </Suspense>
      </SideForm>
    </Block>
  )
}

function Happened({ event, onEdit }: { event: Event; onEdit?: (interaction: number) => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  if (event.action === 'interaction.held') return <Held event={event} onEdit={onEdit} />
  if (event.action === 'wish.made') return <Wished event={event} />
  const standingIn = event.absent && t('deputy.for', { absent: event.absent })
  return (
    <div data-testid="timeline-entry" data-kind={event.kind}>
      <strong>{textIfKnown(`audit.${event.action}`, event.action)}</strong>{' '}
      <Typography.Text type="secondary">{[dateTime(event.at), event.actor, standingIn].filter(Boolean).join(' · ')}</Typography.Text>
      {changedFields(event.before, event.after).map((field) => (
        <Changed key={field.name} kind={event.objectKind} field={field} />
      ))}
    </div>
  )
}

/** An interaction as the timeline has it. */
interface Meeting {
  channel: string
  contact: string
  subject: string
  body: string
  nextStep: string
  nextOn: string | null
  nextDone: boolean
  documents: { id: number; name: string; size: number }[]
}

function Held({ event, onEdit }: { event: Event; onEdit?: (interaction: number) => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const held = event.after as unknown as Meeting
  const standingIn = event.absent && t('deputy.for', { absent: event.absent })
  const late = held.nextOn !== null && held.nextOn < dayjs().format('YYYY-MM-DD')
  return (
    <div data-testid="timeline-entry" data-kind={event.kind} style={{ overflowWrap: 'anywhere' }}>
      <strong>
        {textIfKnown(`interactionChannel.${held.channel}`, held.channel)}
        {t('timeline.colon')}
        {held.subject}
      </strong>{' '}
      <Typography.Text type="secondary">{[dateTime(event.at), event.actor, standingIn, held.contact].filter(Boolean).join(' · ')}</Typography.Text>{' '}
      {onEdit && (
        <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => onEdit(event.objectId)} data-testid={`interaction-edit-${event.objectId}`}>
          {t('action.edit')}
        </Button>
      )}
      {held.body && <div style={{ whiteSpace: 'pre-wrap' }}>{held.body}</div>}
      {held.documents.map((d) => (
        <Button
          key={d.id}
          type="link"
          size="small"
          icon={<PaperClipOutlined aria-hidden />}
          href={`/api/documents/${d.id}`}
          style={{ paddingInlineStart: 0, height: 'auto', whiteSpace: 'normal' }}
          data-testid={`document-${d.name}`}
        >
          {d.name}
        </Button>
      ))}
      {held.nextOn !== null && (
        <div>
          {t('interaction.next', { step: held.nextStep, day: held.nextOn })}{' '}
          {held.nextDone ? (
            <Mark mood="good">{t('interaction.nextDone')}</Mark>
          ) : (
            <Mark mood={late ? 'bad' : 'waiting'}>{t(late ? 'interaction.nextOverdue' : 'interaction.nextOpen')}</Mark>
          )}
        </div>
      )}
    </div>
  )
}

function Wished({ event }: { event: Event }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const wish = event.after as unknown as Pick<Wish, 'kind' | 'body' | 'status' | 'answer'> & { wantedOn: string | null }
  const standingIn = event.absent && t('deputy.for', { absent: event.absent })
  return (
    <div data-testid="timeline-entry" data-kind={event.kind} style={{ overflowWrap: 'anywhere' }}>
      <strong>
        {t('wish.one')}
        {t('timeline.colon')}
        {t(`wishKind.${wish.kind}`)}
      </strong>{' '}
      <Typography.Text type="secondary">{[dateTime(event.at), event.actor, standingIn].filter(Boolean).join(' · ')}</Typography.Text>{' '}
      <WishState wish={{ status: wish.status, wantedOn: wish.wantedOn ?? '' }} />
      <div style={{ whiteSpace: 'pre-wrap' }}>{wish.body}</div>
      {wish.answer && <div>{t('wish.answered', { answer: wish.answer })}</div>}
    </div>
  )
}
