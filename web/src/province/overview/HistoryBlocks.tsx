import { Empty, Timeline, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import type { components } from '../../api/province.gen'
import { Changed } from '../../audit/Changed'
import { changedFields } from '../../audit/changedFields'
import { Block, type Freshness } from '../../frame/Block'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import type { Change } from './overview'

type ClassChange = components['schemas']['OverviewClassView']

/** How the customer's class came to be. */
export function ClassHistoryBlock({ history, freshness }: { history: ClassChange[]; freshness?: Freshness }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <Block name="class-history" title={t('overview.classHistory')} freshness={freshness}>
      {history.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      <Timeline
        items={history.map((c) => ({
          content: (
            <>
              <div>{c.from ? t('classHistory.changed', { from: c.from, to: c.to }) : t('classHistory.first', { to: c.to })}</div>
              <Typography.Text type="secondary">
                {dateTime(c.at)} · {c.actor}
              </Typography.Text>
              {c.reason && <div>{c.reason}</div>}
            </>
          ),
        }))}
      />
    </Block>
  )
}

/** Who changed what, from the audit trail, which knows fields and actions of every capability. */
export function TimelineBlock({ changes, freshness }: { changes: Change[]; freshness?: Freshness }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <Block whole name="timeline" title={t('overview.timeline')} freshness={freshness}>
      {changes.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      <Timeline
        items={changes.map((c, i) => ({
          key: `${c.at}-${i}`,
          content: (
            <div data-testid="timeline-entry">
              <strong>{textIfKnown(`audit.${c.action}`, c.action)}</strong>{' '}
              <Typography.Text type="secondary">
                {dateTime(c.at)} · {c.actor}
              </Typography.Text>
              {changedFields(c.before, c.after).map((field) => (
                <Changed key={field.name} kind={c.objectKind} field={field} />
              ))}
            </div>
          ),
        }))}
      />
    </Block>
  )
}
