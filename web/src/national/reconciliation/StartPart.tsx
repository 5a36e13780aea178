import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'

interface Part {
  table: string
  from?: string
  to?: string
  resync?: boolean
}

const key = /^-?\d{1,15}$/

/** Starts a reconciliation of one table, or of a range of its keys. */
export function StartPart({ province }: { province: number }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [form] = Form.useForm<Part>()
  const [open, setOpen] = useState(false)
  const start = useMutation({
    mutationFn: ({ table, from, to, resync = false }: Part) =>
      answer(
        national.POST('/api/reconciliations', {
          body: { province, table, resync, ...(from ? { from: Number(from) } : {}), ...(to ? { to: Number(to) } : {}) },
        }),
      ),
    onSuccess: ({ id }) => {
      void client.invalidateQueries({ queryKey: ['runs'] })
      void navigate(`/reconciliations/${id}`)
    },
    onError: (error) => void message.error(problemText(t, error)),
  })
  const bound = { pattern: key, message: t('run.keyForm') }
  return (
    <>
      <Button onClick={() => setOpen(true)} data-testid="run-part">
        {t('run.startPart')}
      </Button>
      <Modal
        open={open}
        title={t('run.startPart')}
        okText={t('run.start')}
        cancelText={t('run.cancelNot')}
        confirmLoading={start.isPending}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
      >
        <Form<Part> form={form} layout="vertical" onFinish={(part) => start.mutate(part)}>
          <Form.Item name="table" label={t('difference.table')} rules={[{ required: true, message: t('run.tableNeeded') }]}>
            <Input placeholder="crm.customer" data-testid="part-table" />
          </Form.Item>
          <Form.Item name="from" label={t('run.from')} rules={[bound]}>
            <Input inputMode="numeric" data-testid="part-from" />
          </Form.Item>
          <Form.Item name="to" label={t('run.to')} rules={[bound]}>
            <Input inputMode="numeric" data-testid="part-to" />
          </Form.Item>
          <Form.Item name="resync" valuePropName="checked">
            <Checkbox data-testid="part-resync">{t('run.resyncAsk')}</Checkbox>
          </Form.Item>
        </Form>
      </Modal>
    </>
  )
}
