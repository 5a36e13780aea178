import { RollbackOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import type { Customer } from '../customer/customers'

/** Gives a customer back into the pool, where it is one's own or one may assign customers. */
export function ReturnButton({ customer, reread }: { customer: Customer; reread: () => void }) {
  const { t } = useTranslation()
  const { session, may } = useSession()
  const { message } = App.useApp()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  const giveBack = useMutation({
    mutationFn: (body: { reason: string }) => answer(province.POST('/api/customers/{id}/return', { params: { path: { id: customer.id } }, body })),
    onSuccess: () => {
      void message.success(t('pool.returned'))
      setOpen(false)
      void client.invalidateQueries({ queryKey: ['pool'] })
      if (session.scope === 'province') return reread()
      void client.invalidateQueries({ queryKey: ['customers'] })
      void navigate('/customers') // the customer is out of reach now
    },
  })
  const own = customer.managerId === session.unitId
  if (!may('customer.claim') || !customer.managerId || customer.mergedInto !== null || !(own || may('customer.assign'))) return null
  return (
    <>
      <Button icon={<RollbackOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="pool-return">
        {t('pool.return')}
      </Button>
      <Modal open={open} title={t('pool.return')} footer={null} destroyOnHidden onCancel={() => setOpen(false)}>
        <Form layout="vertical" onFinish={(body: { reason: string }) => giveBack.mutate(body)}>
          <p>{t('pool.returnHelp')}</p>
          {giveBack.error && <Alert type="error" showIcon role="alert" title={problemText(t, giveBack.error)} style={{ marginBottom: 12 }} />}
          <Form.Item name="reason" label={t('pool.reason')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
            <Input.TextArea rows={2} maxLength={500} data-testid="pool-return-reason" />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={giveBack.isPending} data-testid="pool-return-make">
            {t('pool.return')}
          </Button>
        </Form>
      </Modal>
    </>
  )
}
