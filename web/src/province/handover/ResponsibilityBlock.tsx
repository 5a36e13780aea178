import { useQuery } from '@tanstack/react-query'
import { Empty, Timeline, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { responsibilityQuery } from './handovers'

/** Who cared for a customer, from whom to whom, by whom and why. */
export function ResponsibilityBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const query = useQuery(responsibilityQuery(customerId))
  return (
    <Block name="responsibility" title={t('handover.responsibility', { count: query.data?.items.length ?? 0 })}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />
          ) : (
            <Timeline
              items={items.map((r, i) => ({
                key: `${r.at}-${i}`,
                content: (
                  <>
                    <div>
                      {r.from || t('handover.nobody')} → {r.to || t('handover.nobody')}
                    </div>
                    {r.reason && <div>{r.reason}</div>}
                    <Typography.Text type="secondary">
                      {dateTime(r.at)} · {r.actor}
                    </Typography.Text>
                  </>
                ),
              }))}
            />
          )
        }
      </Loaded>
    </Block>
  )
}
