import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Select } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { kindBelow, treeQuery, type Unit } from './tree'

interface Props<F> {
  name: string
  initial?: F
  save: (facts: F) => Promise<unknown>
  onDone: () => void
  children: ReactNode
}

/** A change of the tree: what is refused is shown at its field, or above. */
function UnitForm<F extends object>({ name, initial, save, onDone, children }: Props<F>) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const [form] = Form.useForm<F>()
  const change = useMutation({
    mutationFn: save,
    onSuccess: () => {
      void message.success(t('record.saved'))
      void client.invalidateQueries({ queryKey: ['organisation'] })
      onDone()
    },
    onError: (error) =>
      form.setFields(fieldTexts(t, error).map(({ field, text }) => ({ name: field, errors: [text] })) as Parameters<typeof form.setFields>[0]),
  })
  return (
    <Form<F> form={form} name={name} layout="vertical" initialValues={initial} onFinish={(facts) => change.mutate(facts)}>
      {change.error && <Alert type="error" showIcon role="alert" title={problemText(t, change.error)} style={{ marginBottom: 12 }} data-testid="unit-problem" />}
      {children}
      <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
        <Button onClick={onDone}>{t('action.cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={change.isPending} data-testid="unit-save">
          {t('action.save')}
        </Button>
      </div>
    </Form>
  )
}

function useRequired() {
  const { t } = useTranslation()
  return { required: true, whitespace: true, message: t('problem.input.required') }
}

/** Adds a unit below another one. */
export function CreateForm({ parent, onDone }: { parent: Unit; onDone: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  const kind = kindBelow[parent.kind]
  return (
    <UnitForm<{ code: string; name: string }>
      name="unit"
      save={(facts) => answer(province.POST('/api/organisation', { body: { ...facts, parentId: parent.id } }))}
      onDone={onDone}
    >
      {kind && <p>{t('organisation.createHelp', { kind: t(`unitKind.${kind}`), parent: parent.name })}</p>}
      <Form.Item name="code" label={t('organisation.code')} rules={[required]} extra={kind === 'city' ? t('organisation.cityCode') : undefined}>
        <Input maxLength={40} data-testid="unit-code" />
      </Form.Item>
      <Form.Item name="name" label={t('organisation.name')} rules={[required]}>
        <Input maxLength={60} data-testid="unit-name" />
      </Form.Item>
    </UnitForm>
  )
}

/** Gives a unit another name. */
export function RenameForm({ unit, onDone }: { unit: Unit; onDone: () => void }) {
  const { t } = useTranslation()
  const required = useRequired()
  return (
    <UnitForm<{ name: string }>
      name="unit"
      initial={{ name: unit.name }}
      save={({ name }) => answer(province.PUT('/api/organisation/{id}/name', { params: { path: { id: unit.id } }, body: { before: unit.name, name } }))}
      onDone={onDone}
    >
      <Form.Item name="name" label={t('organisation.name')} rules={[required]}>
        <Input maxLength={60} data-testid="unit-name" />
      </Form.Item>
    </UnitForm>
  )
}

/** Puts a unit with all below it under another one. */
export function MoveForm({ unit, onDone }: { unit: Unit; onDone: () => void }) {
  const { t } = useTranslation()
  const { data } = useQuery(treeQuery)
  const names = new Map(data?.units.map((u) => [u.id, u.name]))
  const options = (data?.units ?? [])
    .filter((u) => u.active && kindBelow[u.kind] === unit.kind && u.id !== unit.parentId)
    .map((u) => ({ value: u.id, label: [names.get(u.parentId), u.name].filter(Boolean).join(' · ') }))
  return (
    <UnitForm<{ parentId: number }>
      name="unit"
      save={(body) => answer(province.POST('/api/organisation/{id}/move', { params: { path: { id: unit.id } }, body }))}
      onDone={onDone}
    >
      <p>{t('organisation.moveHelp')}</p>
      <Form.Item name="parentId" label={t('organisation.parent')} rules={[{ required: true, message: t('problem.input.required') }]}>
        <Select showSearch={{ optionFilterProp: 'label' }} options={options} data-testid="unit-parent" />
      </Form.Item>
    </UnitForm>
  )
}
