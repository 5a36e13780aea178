import { useMutation } from '@tanstack/react-query'
import { Alert, App, Form, Modal } from 'antd'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { DateInput } from '../../edit/DateInput'
import type { Member } from './members'

/** Asks for the day on which a member leaves. */
export function LeaveDialog({ member, onLeft, onClose }: { member: Member; onLeft: () => void; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [day, setDay] = useState(dayjs().format('YYYY-MM-DD'))
  const leave = useMutation({
    mutationFn: () =>
      answer(province.POST('/api/members/{id}/leave', { params: { path: { id: member.id } }, body: { version: member.version, leftOn: day } })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      onClose()
    },
    onSettled: onLeft, // one that was changed meanwhile is shown as it is now
  })
  return (
    <Modal
      open
      title={t('member.leaveOf', { phone: member.phone })}
      okText={t('member.leave')}
      cancelText={t('action.cancel')}
      okButtonProps={{ danger: true, disabled: day === '', loading: leave.isPending }}
      data-testid="member-leave-dialog"
      onOk={() => leave.mutate()}
      onCancel={onClose}
    >
      {leave.error && (
        <Alert type="error" showIcon role="alert" title={fieldTexts(t, leave.error)[0]?.text ?? problemText(t, leave.error)} style={{ marginBottom: 16 }} />
      )}
      <Form layout="vertical">
        <Form.Item label={t('member.leftOn')} htmlFor="member-left-on">
          <DateInput id="member-left-on" value={day} onChange={setDay} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
