import { useQueryClient } from '@tanstack/react-query'
import { App, Input, InputNumber, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { attributeFactsOf, attributeKinds, attributesQuery, type Attribute, type AttributeFacts } from './attributes'

type Options = AttributeFacts['choices']

const beginning: AttributeFacts = {
  code: '', nameZh: '', nameEn: '', kind: 'text', required: false, retired: false, position: 10, longest: 100, least: '', most: '', unit: '', choices: [],
}

/** Defines an attribute, or changes one; none for a new one. */
export function AttributeForm({ attribute, onClose }: { attribute?: Attribute; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const required = { required: true, message: t('problem.input.required') }
  const fields: Field<AttributeFacts>[] = [
    { name: 'code', label: t('attribute.code'), help: t('attribute.codeHelp'), rules: [required], input: <Input maxLength={40} /> },
    {
      name: 'kind', label: t('attribute.kind'), rules: [required], show: (value) => t(`attributeKind.${value as AttributeFacts['kind']}`),
      input: <Select showSearch={{ optionFilterProp: 'label' }} options={attributeKinds.map((value) => ({ value, label: t(`attributeKind.${value}`) }))} />,
    },
    { name: 'nameZh', label: t('attribute.nameZh'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={60} /> },
    { name: 'nameEn', label: t('attribute.nameEn'), rules: [{ ...required, whitespace: true }], input: <Input maxLength={60} /> },
    { name: 'position', label: t('attribute.position'), rules: [required], input: <InputNumber precision={0} style={{ width: '100%' }} /> },
    { name: 'longest', label: t('attribute.longest'), rules: [required], input: <InputNumber min={0} max={2000} precision={0} style={{ width: '100%' }} /> },
    { name: 'least', label: t('attribute.least'), input: <TextInput /> },
    { name: 'most', label: t('attribute.most'), input: <TextInput /> },
    { name: 'unit', label: t('attribute.unit'), input: <TextInput /> },
    {
      name: 'choices', label: t('attribute.choices'), help: t('attribute.choicesHelp'), wide: true, input: <OptionsInput />,
      show: (value) => written(value as Options),
    },
    { name: 'required', label: t('attribute.required'), valuePropName: 'checked', input: <Switch />, show: (value) => t(value ? 'value.yes' : 'value.no') },
    { name: 'retired', label: t('attribute.retired'), valuePropName: 'checked', input: <Switch />, show: (value) => t(value ? 'value.yes' : 'value.no') },
  ]
  return (
    <EditForm<Attribute, AttributeFacts>
      name="attribute"
      record={attribute}
      initial={beginning}
      factsOf={attributeFactsOf}
      fields={fields}
      locked={attribute ? ['code', 'kind'] : []}
      save={(facts, version) =>
        attribute
          ? answer(province.PUT('/api/attributes/{id}', { params: { path: { id: attribute.id } }, body: { ...facts, version } }))
          : answer(province.POST('/api/attributes', { body: facts }))
      }
      onSaved={() => {
        void message.success(t(attribute ? 'record.saved' : 'record.created'))
        void client.invalidateQueries({ queryKey: attributesQuery.queryKey })
        onClose()
      }}
      onCancel={onClose}
    />
  )
}

/** A short text, empty where there is none. */
function TextInput({ value, onChange, ...input }: { id?: string; value?: string; onChange?: (value: string) => void; disabled?: boolean }) {
  return <Input {...input} maxLength={24} value={value ?? ''} onChange={(e) => onChange?.(e.target.value)} />
}

const written = (options: Options) => options.map((o) => `${o.code}, ${o.nameZh}, ${o.nameEn}`).join('\n')

/** What a choice may be: a line each, with code, Chinese and English name. */
function OptionsInput({ value, onChange, ...input }: { id?: string; value?: Options; onChange?: (value: Options) => void; disabled?: boolean }) {
  const [text, setText] = useState(written(value ?? []))
  return (
    <Input.TextArea
      {...input}
      rows={5}
      value={text}
      onChange={(e) => {
        setText(e.target.value)
        const lines = e.target.value.split('\n').filter((line) => line.trim() !== '')
        onChange?.(lines.map((line) => {
          const [code = '', nameZh = '', nameEn = ''] = line.split(/[,，]/).map((part) => part.trim())
          return { code, nameZh, nameEn }
        }))
      }}
    />
  )
}
