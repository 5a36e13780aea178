import { useMutation } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { problemText } from '../../api/problem'
import { useFormats } from '../../language/formats'
import type { Answer, Source } from './rules'

interface Props {
  source: Source
  customers: number[]
  onDone: () => void
}

/** Confirms or declines what is proposed for some customers, with a reason. */
export function DecisionForm({ source, customers, onDone }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { integer } = useFormats()
  const [form] = Form.useForm<{ reason: string }>()
  const decide = useMutation({
    mutationFn: (said: Answer) => source.decide({ ...said, customers }),
    onSuccess: ({ done, refused }) => {
      void message.success(t('proposal.decided', { done: integer(done), refused: integer(refused) }))
      form.resetFields()
      onDone()
    },
    onError: (error) => form.setFields([{ name: 'reason', errors: [problemText(t, error)] }]),
  })
  const say = async (confirm: boolean) => decide.mutate({ confirm, reason: (await form.validateFields()).reason })
  const idle = customers.length === 0 || decide.isPending
  return (
    <Form form={form} name={`decision-${source.name}`} layout="inline" style={{ rowGap: 8 }} onFinish={() => void say(true)}>
      <Form.Item name="reason" label={t('proposal.reason')} rules={[{ required: true, whitespace: true, message: t('problem.input.required') }]}>
        <Input maxLength={500} data-testid="proposal-reason" />
      </Form.Item>
      <Button type="primary" htmlType="submit" disabled={idle} data-testid="proposal-confirm">
        {t('proposal.confirm')}
      </Button>
      <Button disabled={idle} onClick={() => void say(false).catch(() => undefined)} style={{ marginInlineStart: 8 }} data-testid="proposal-decline">
        {t('proposal.decline')}
      </Button>
    </Form>
  )
}
