import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Form, Input, Modal, Select, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import type { components } from '../../api/province.gen'
import { useSession } from '../../api/session'
import { Facts } from '../../frame/Facts'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes, lifecycles } from '../../reference/choices'
import { useYesNoOptions } from '../../table/yesNo'
import { attributesQuery, nameOf, type Attribute } from '../attribute/attributes'
import { useShown } from '../attribute/useShown'
import ValueInput from '../attribute/ValueInput'
import { attributeOf, columnOf, type Choice } from '../customer/customers'
import { FollowedJob } from '../job/JobStatus'

type Action = Omit<components['schemas']['BulkPreviewBody'], keyof Choice>
type Preview = components['schemas']['BulkPreviewView']

interface Wish {
  /** class, lifecycle, sensitive, or attribute. and a code. */
  field: string
  value?: string
  reason?: string
}

/** Gives one fact of the chosen customers one value: what that comes to is shown before, and how it goes after. */
export default function BulkDialog({ choice, onClose }: { choice: Choice; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [form] = Form.useForm<Wish>()
  const known = useQuery(attributesQuery)
  const attributes = (known.data?.items ?? []).filter((a) => !a.retired)
  const preview = useMutation({ mutationFn: (action: Action) => answer(province.POST('/api/bulk-changes/preview', { body: { ...choice, ...action } })) })
  const start = useMutation({
    mutationFn: ({ action, expected }: { action: Action; expected: number }) => answer(province.POST('/api/bulk-changes', { body: { ...choice, ...action, expected } })),
    onError: () => preview.reset(), // what was shown is so no more
  })
  const submit = (wish: Wish) => {
    const action = actionOf(wish)
    if (preview.data) start.mutate({ action, expected: preview.data.customers })
    else preview.mutate(action)
  }
  const close = () => {
    void client.invalidateQueries({ queryKey: ['customers'] })
    onClose()
  }
  const error = start.error ?? preview.error
  return (
    <Modal
      open
      title={t('bulk.title')}
      okText={preview.data ? t('bulk.start', { count: preview.data.changed }) : t('bulk.preview')}
      cancelText={t(start.data ? 'bulk.close' : 'action.cancel')}
      okButtonProps={{
        loading: preview.isPending || start.isPending, disabled: preview.data?.changed === 0, style: start.data && { display: 'none' },
        'data-testid': 'bulk-submit',
      }}
      onOk={() => form.submit()}
      onCancel={close}
      data-testid="bulk-dialog"
    >
      {start.data ? (
        <FollowedJob id={start.data.id} />
      ) : (
        <>
          <Typography.Paragraph>{t('bulk.about')}</Typography.Paragraph>
          {error && (
            <Alert type="error" showIcon role="alert" title={fieldTexts(t, error)[0]?.text ?? problemText(t, error)} style={{ marginBottom: 16 }} data-testid="bulk-problem" />
          )}
          <WishForm
            form={form}
            attributes={attributes}
            onChange={() => {
              preview.reset()
              start.reset()
            }}
            onSubmit={submit}
          />
          {preview.data && <Foreseen preview={preview.data} action={preview.variables} attributes={attributes} />}
        </>
      )}
    </Modal>
  )
}

function actionOf({ field, value = '', reason }: Wish): Action {
  const attribute = attributeOf(field)
  return attribute ? { field: 'attribute', attribute, value } : { field: field as Action['field'], value, reason }
}

interface WishFormProps {
  form: ReturnType<typeof Form.useForm<Wish>>[0]
  attributes: Attribute[]
  onChange: () => void
  onSubmit: (wish: Wish) => void
}

function WishForm({ form, attributes, onChange, onSubmit }: WishFormProps) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { language } = useLanguage()
  const yesNo = useYesNoOptions().filter((o) => o.value !== '')
  const field = Form.useWatch('field', form) ?? ''
  const attribute = attributes.find((a) => columnOf(a.code) === field)
  const required = { required: true, message: t('problem.input.required') }
  const fields = [
    ...(may('customer.classify') ? [{ value: 'class', label: t('customer.class') }] : []),
    { value: 'lifecycle', label: t('customer.lifecycle') },
    ...(may('customer.sensitive') ? [{ value: 'sensitive', label: t('customer.sensitive') }] : []),
    ...attributes.map((a) => ({ value: columnOf(a.code), label: nameOf(a, language) })),
  ]
  const choices: Record<string, { value: string; label: string }[]> = { class: asOptions(classes), lifecycle: lifecycles.map((value) => ({ value, label: t(`lifecycle.${value}`) })), sensitive: yesNo }
  const options = choices[field]
  return (
    <Form<Wish>
      form={form}
      layout="vertical"
      onValuesChange={(changed: Partial<Wish>) => {
        if (changed.field) form.setFieldsValue({ value: undefined })
        onChange()
      }}
      onFinish={onSubmit}
    >
      <Form.Item name="field" label={t('bulk.field')} rules={[required]}>
        <Select options={fields} showSearch={{ optionFilterProp: 'label' }} data-testid="bulk-field" />
      </Form.Item>
      {options && (
        <Form.Item name="value" label={t('bulk.value')} rules={[required]}>
          <Select options={options} showSearch={{ optionFilterProp: 'label' }} data-testid="bulk-value" />
        </Form.Item>
      )}
      {attribute && (
        <Form.Item name="value" label={t('bulk.value')} rules={attribute.required ? [required] : undefined} extra={attribute.required ? undefined : t('bulk.clears')}>
          <ValueInput attribute={attribute} />
        </Form.Item>
      )}
      {field === 'class' && (
        <Form.Item name="reason" label={t('customer.classReason')} rules={[{ ...required, whitespace: true }]}>
          <Input.TextArea rows={2} maxLength={500} data-testid="bulk-reason" />
        </Form.Item>
      )}
    </Form>
  )
}

/** What a change is going to come to. */
function Foreseen({ preview, action, attributes }: { preview: Preview; action: Action; attributes: Attribute[] }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const shown = useShown()
  const attribute = attributes.find((a) => a.code === action.attribute)
  const named = (value: string) => {
    if (attribute) return shown(attribute, value)
    if (action.field === 'lifecycle') return t(`lifecycle.${value as (typeof lifecycles)[number]}`)
    return action.field === 'sensitive' ? t(value === 'true' ? 'value.yes' : 'value.no') : value
  }
  const values = preview.values.map((v) => `${named(v.value)} ${integer(v.customers)}`).join('、')
  return (
    <div role="status" data-testid="bulk-preview" data-customers={preview.customers} data-changed={preview.changed}>
      <Facts
        facts={{
          [t('bulk.customers')]: integer(preview.customers),
          [t('bulk.changed')]: integer(preview.changed),
          [t('bulk.same')]: integer(preview.same),
          [t('bulk.refused')]: integer(preview.refused),
          [t('bulk.now')]: values + (preview.others > 0 ? ` ${t('bulk.others', { count: preview.others })}` : ''),
        }}
      />
    </div>
  )
}
