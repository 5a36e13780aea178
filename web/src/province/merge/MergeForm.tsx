import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Radio, Space, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { Loaded } from '../../frame/Outcome'
import { useCustomerFields } from '../customer/customerFields'
import { CustomerSelect } from '../customer/CustomerSelect'
import { factsOf, type Customer, type CustomerFacts } from '../customer/customers'
import { differing, obvious, type Take } from './merges'

interface Props {
  survivor: Customer
  onMerged: () => void
  onCancel: () => void
}

/** Chooses a duplicate and what this customer takes from it. */
export function MergeForm({ survivor, onMerged, onCancel }: Props) {
  const { t } = useTranslation()
  const [other, setOther] = useState<number | null>(null)
  return (
    <Space orientation="vertical" style={{ width: '100%' }} data-testid="form-merge">
      <Typography.Paragraph>{t('merge.explanation')}</Typography.Paragraph>
      <Form layout="vertical">
        <Form.Item label={t('merge.other')} htmlFor="merge-other">
          <CustomerSelect id="merge-other" value={other} onChange={setOther} data-testid="merge-other" />
        </Form.Item>
      </Form>
      {other !== null && other !== survivor.id && <Comparison key={other} survivor={survivor} otherId={other} onMerged={onMerged} onCancel={onCancel} />}
    </Space>
  )
}

function Comparison({ survivor, otherId, onMerged, onCancel }: Props & { otherId: number }) {
  const query = useQuery({
    queryKey: ['customer', otherId],
    queryFn: ({ signal }) => answer(province.GET('/api/customers/{id}', { params: { path: { id: otherId } }, signal })),
  })
  return <Loaded query={query}>{(other) => <Choice survivor={survivor} other={other} onMerged={onMerged} onCancel={onCancel} />}</Loaded>
}

function Choice({ survivor, other, onMerged, onCancel }: Props & { other: Customer }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const fields = useCustomerFields({})
  const [take, setTake] = useState<Take>(() => obvious(survivor, other))
  const names = differing(survivor, other)
  const merge = useMutation({
    mutationFn: (reason: string) =>
      answer(
        province.POST('/api/customers/{id}/merges', {
          params: { path: { id: survivor.id } },
          body: {
            version: survivor.version, mergedId: other.id, mergedVersion: other.version, reason,
            take: names.filter((name) => take[name]),
          },
        }),
      ),
    onSuccess: () => {
      void message.success(t('merge.made'))
      onMerged()
    },
  })
  const shown = (customer: Customer, name: keyof CustomerFacts) => {
    const value = factsOf(customer)[name]
    if (name === 'managerId') return customer.managerName || t('value.none')
    return fields.find((f) => f.name === name)?.show?.(value) || String(value ?? '') || t('value.none')
  }
  return (
    <Form layout="vertical" onFinish={({ reason }: { reason: string }) => merge.mutate(reason)}>
      {merge.error && <Alert type="error" showIcon role="alert" title={problemText(t, merge.error)} data-testid="merge-problem" />}
      {names.length === 0 && <Typography.Paragraph>{t('merge.same')}</Typography.Paragraph>}
      {names.map((name) => (
        <Form.Item key={name} label={fields.find((f) => f.name === name)?.label ?? name}>
          <Radio.Group
            value={take[name] ?? false}
            onChange={(e) => setTake({ ...take, [name]: e.target.value as boolean })}
            aria-label={fields.find((f) => f.name === name)?.label ?? name}
            data-testid={`merge-field-${name}`}
          >
            <Space orientation="vertical">
              <Radio value={false}>
                <Typography.Text type="secondary">{t('merge.survivor')}</Typography.Text> {shown(survivor, name)}
              </Radio>
              <Radio value data-testid={`merge-take-${name}`}>
                <Typography.Text type="secondary">{t('merge.merged')}</Typography.Text> {shown(other, name)}
              </Radio>
            </Space>
          </Radio.Group>
        </Form.Item>
      ))}
      <Form.Item name="reason" label={t('merge.reason')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
        <Input.TextArea rows={2} maxLength={500} data-testid="merge-reason" />
      </Form.Item>
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onCancel}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={merge.isPending} data-testid="merge-make">
          {t('merge.make')}
        </Button>
      </div>
    </Form>
  )
}
