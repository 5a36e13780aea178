import { Empty, Timeline, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import type { components } from '../../api/province.gen'
import { Block, type Freshness } from '../../frame/Block'
import { useFormats } from '../../language/formats'

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
