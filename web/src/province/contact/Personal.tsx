import { EyeOutlined, LockOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Modal, Space, Tooltip } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { useReread } from '../overview/overview'
import { privateFacts, type Contact, type PersonalField } from './contacts'

/** A personal fact. A masked one says so in words too, and is shown for a reason and a short time. */
export function Personal({ contact, field }: { contact: Contact; field: PersonalField }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [asking, setAsking] = useState(false)
  const [revealed, setRevealed] = useState<{ value: string; seconds: number }>()
  useEffect(() => {
    if (!revealed) return
    const timer = setTimeout(() => setRevealed(undefined), revealed.seconds * 1000)
    return () => clearTimeout(timer)
  }, [revealed])
  const value = contact[field]
  if (value === '') return t('value.none')
  if (!contact.masked.includes(field)) return value
  if (revealed) {
    return (
      <Tooltip title={t('contact.hiddenAgain', { seconds: revealed.seconds })}>
        <strong role="status" data-testid={`revealed-${field}-${contact.id}`}>
          {revealed.value || t('value.none')}
        </strong>
      </Tooltip>
    )
  }
  const mayReveal = may('contact.reveal') && (may('contact.private') || !privateFacts.some((name) => name === field))
  return (
    <Space size={4}>
      <Tooltip title={t('contact.masked')}>
        <LockOutlined aria-label={t('contact.masked')} role="img" />
      </Tooltip>
      {value}
      {mayReveal && (
        <Button
          size="small"
          type="text"
          icon={<EyeOutlined aria-hidden />}
          aria-label={t('contact.revealOf', { field: t(`contact.${field}`), name: contact.name })}
          onClick={() => setAsking(true)}
          data-testid={`reveal-${field}-${contact.id}`}
        />
      )}
      {asking && (
        <Reveal
          contact={contact}
          field={field}
          onShown={(shown) => {
            setRevealed(shown)
            setAsking(false)
          }}
          onCancel={() => setAsking(false)}
        />
      )}
    </Space>
  )
}

interface RevealProps {
  contact: Contact
  field: PersonalField
  onShown: (shown: { value: string; seconds: number }) => void
  onCancel: () => void
}

/** Asks why somebody needs to see a value. */
function Reveal({ contact, field, onShown, onCancel }: RevealProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<{ reason: string }>()
  const reread = useReread(contact.customerId)
  const reveal = useMutation({
    mutationFn: ({ reason }: { reason: string }) =>
      answer(province.POST('/api/contacts/{id}/reveal', { params: { path: { id: contact.id } }, body: { field, reason } })),
    onSuccess(shown) {
      onShown(shown)
      reread() // the timeline has a line more
    },
  })
  return (
    <Modal
      open
      title={t('contact.revealOf', { field: t(`contact.${field}`), name: contact.name })}
      okText={t('contact.reveal')}
      cancelText={t('action.cancel')}
      okButtonProps={{ 'data-testid': 'reveal-submit' }}
      confirmLoading={reveal.isPending}
      onOk={() => form.submit()}
      onCancel={onCancel}
      data-testid="reveal-dialog"
    >
      {reveal.error && <Alert type="error" showIcon role="alert" title={problemText(t, reveal.error)} style={{ marginBottom: 16 }} />}
      <Form form={form} name="reveal" layout="vertical" onFinish={(stated) => reveal.mutate(stated)}>
        <Form.Item
          name="reason"
          label={t('contact.reason')}
          extra={t('contact.revealNote')}
          rules={[{ required: true, whitespace: true, min: 4, message: t('problem.input.too_short', { min: 4 }) }]}
        >
          <Input maxLength={200} autoFocus data-testid="reveal-reason" />
        </Form.Item>
      </Form>
    </Modal>
  )
}
