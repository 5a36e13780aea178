import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Form, Input, InputNumber, Timeline, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import type { Customer } from '../customer/customers'
import { scoresQuery } from './scores'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** What a customer is worth, who said so, and what was said before. */
export function ValueBlock({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { dateTime } = useFormats()
  const query = useQuery(scoresQuery(customer.id))
  return (
    <Block name="value" title={t('valueScore.title')}>
      <Loaded query={query}>
        {({ items }) => (
          <>
            {items.length === 0 && <p>{t('valueScore.unrated')}</p>}
            <Timeline
              items={items.map((s, i) => ({
                key: items.length - i,
                content: (
                  <>
                    <strong data-testid={i === 0 ? 'value-score' : undefined}>{t('valueScore.ofHundred', { score: s.score })}</strong> {s.reason}
                    <div>
                      <Typography.Text type="secondary">
                        {dateTime(s.at)} · {s.actor}
                      </Typography.Text>
                    </div>
                  </>
                ),
              }))}
            />
          </>
        )}
      </Loaded>
      {may('customer.classify') && customer.mergedInto === null && <Rate customerId={customer.id} reread={reread} />}
    </Block>
  )
}

function Rate({ customerId, reread }: { customerId: number; reread: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<{ score: number; reason: string }>()
  const required = { required: true, message: t('problem.input.required') }
  const rate = useMutation({
    mutationFn: (body: { score: number; reason: string }) =>
      answer(province.POST('/api/customers/{id}/value-scores', { params: { path: { id: customerId } }, body })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      form.resetFields()
      reread()
    },
    onError: (error) => form.setFields([{ name: 'reason', errors: [problemText(t, error)] }]),
  })
  return (
    <Form form={form} name="value" layout="inline" onFinish={(body) => rate.mutate(body)} style={{ rowGap: 8 }}>
      <Form.Item name="score" label={t('valueScore.title')} rules={[required]}>
        <InputNumber min={0} max={100} precision={0} data-testid="value-score-input" />
      </Form.Item>
      <Form.Item name="reason" label={t('valueScore.reason')} rules={[{ ...required, whitespace: true }]}>
        <Input maxLength={500} data-testid="value-reason" />
      </Form.Item>
      <Button htmlType="submit" loading={rate.isPending} data-testid="value-rate">
        {t('valueScore.rate')}
      </Button>
    </Form>
  )
}
