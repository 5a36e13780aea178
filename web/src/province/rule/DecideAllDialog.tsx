import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { fieldTexts, problemText } from '../../api/problem'
import { useFormats } from '../../language/formats'
import { FollowedJob } from '../job/JobStatus'
import { proposalCountQuery, type Answer, type Sieve, type Source } from './rules'

interface Props {
  source: Source
  sieve: Sieve
  onClose: () => void
}

/** Confirms or declines all that the filter lets through: how many there are is said before, and how it goes after. */
export function DecideAllDialog({ source, sieve: { from, to }, onClose }: Props) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [form] = Form.useForm<{ reason: string }>()
  const count = useQuery(proposalCountQuery(source, { from, to }))
  const start = useMutation({
    mutationFn: (body: Answer & { expected: number }) => source.decideAll({ from, to }, body),
    onError: (error) => {
      form.setFields(fieldTexts(t, error).map((e) => ({ name: e.field as 'reason', errors: [e.text] })))
      void count.refetch() // what was shown may be so no more
    },
  })
  const expected = count.data?.customers ?? 0
  const say = async (confirm: boolean) => start.mutate({ ...(await form.validateFields()), confirm, expected })
  const error = count.error ?? start.error
  const idle = { disabled: expected === 0, loading: start.isPending }
  return (
    <Modal
      open
      title={t('proposal.all')}
      onCancel={onClose}
      data-testid="proposal-dialog"
      footer={
        start.data
          ? [<Button key="close" onClick={onClose} data-testid="proposal-close">{t('bulk.close')}</Button>]
          : [
              <Button key="cancel" onClick={onClose}>{t('action.cancel')}</Button>,
              <Button key="decline" {...idle} onClick={() => void say(false).catch(() => undefined)} data-testid="proposal-decline-all">
                {t('proposal.decline')}
              </Button>,
              <Button key="confirm" type="primary" {...idle} onClick={() => void say(true).catch(() => undefined)} data-testid="proposal-confirm-all">
                {t('proposal.confirm')}
              </Button>,
            ]
      }
    >
      {start.data ? (
        <FollowedJob id={start.data.id} />
      ) : (
        <>
          {error && <Alert type="error" showIcon role="alert" title={problemText(t, error)} style={{ marginBottom: 16 }} data-testid="proposal-problem" />}
          <p role="status" data-testid="proposal-count" data-total={count.data?.customers}>
            {count.data && t('proposal.count', { total: integer(expected) })}
          </p>
          <Form form={form} name="decide-all" layout="vertical">
            <Form.Item name="reason" label={t('proposal.reason')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
              <Input.TextArea rows={2} maxLength={500} data-testid="proposal-all-reason" />
            </Form.Item>
          </Form>
        </>
      )}
    </Modal>
  )
}
