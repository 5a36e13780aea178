import { UserAddOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { ManagerSelect } from '../customer/ManagerSelect'
import type { Pooled } from './pool'

interface Refusal {
  customer: Pooled
  why: unknown
}

/** Takes the chosen customers into care: one's own, or that of somebody in reach. Says which were not to be had, and why. */
export function Claim({ chosen, onDone }: { chosen: Pooled[]; onDone: () => void }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const { message } = App.useApp()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [refused, setRefused] = useState<Refusal[]>([])
  const claim = useMutation({
    // One after the other: each is taken or not by itself.
    mutationFn: async (toId: number) => {
      const refusals: Refusal[] = []
      for (const customer of chosen) {
        try {
          await answer(province.POST('/api/customers/{id}/claim', { params: { path: { id: customer.id } }, body: { toId } }))
        } catch (why) {
          refusals.push({ customer, why })
        }
      }
      return refusals
    },
    onSuccess: (refusals) => {
      if (refusals.length < chosen.length) void message.success(t('pool.claimed', { count: chosen.length - refusals.length }))
      setRefused(refusals)
      setAsking(false)
      onDone()
      void client.invalidateQueries({ queryKey: ['pool'] })
      void client.invalidateQueries({ queryKey: ['customers'] })
    },
  })
  const own = session.scope === 'own'
  return (
    <>
      <Button
        type="primary"
        icon={<UserAddOutlined aria-hidden />}
        disabled={chosen.length === 0}
        loading={claim.isPending}
        onClick={() => (own ? claim.mutate(0) : setAsking(true))}
        data-testid="pool-claim"
      >
        {t(own ? 'pool.claim' : 'pool.assign', { count: chosen.length })}
      </Button>
      <Modal open={asking} title={t('pool.assign', { count: chosen.length })} footer={null} destroyOnHidden onCancel={() => setAsking(false)}>
        <Form layout="vertical" onFinish={({ toId }: { toId: number }) => claim.mutate(toId)}>
          <Form.Item name="toId" label={t('customer.manager')} rules={[{ required: true, message: t('problem.input.required') }]}>
            <ManagerSelect data-testid="pool-to" />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={claim.isPending} data-testid="pool-assign">
            {t('pool.assign', { count: chosen.length })}
          </Button>
        </Form>
      </Modal>
      <Modal open={refused.length > 0} title={t('pool.refused', { count: refused.length })} footer={null} onCancel={() => setRefused([])} data-testid="pool-refused">
        {refused.map(({ customer, why }) => (
          <Alert key={customer.id} type="warning" title={customer.name} description={problemText(t, why)} style={{ marginBottom: 8 }} />
        ))}
      </Modal>
    </>
  )
}
