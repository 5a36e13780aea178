import { App, Input, InputNumber, Select } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { MoneyInput, readable } from '../../edit/MoneyInput'
import { TimeInput } from '../../edit/TimeInput'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceOptions } from '../../reference/provinces'
import { choiceValues, fieldsOf, formValues, type DataField, type Kind, type Values } from '../../referencedata/kinds'
import { useShownValue } from '../../referencedata/useShownValue'
import { referenceKey, type Row } from './referenceData'

interface Props {
  kind: Kind
  /** None for a new one. */
  row?: Row
  onClose: () => void
}

/** Adds or changes a row of reference data. Whom a row is for stays as it is. */
export function RowForm({ kind, row, onClose }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { message } = App.useApp()
  const client = useQueryClient()
  const input = useInput()
  const shown = useShownValue()
  const required = { required: true, message: t('problem.input.required') }
  const fields: Field<Values>[] = [
    {
      name: 'province', label: t('referenceData.for'),
      input: <Select disabled={row !== undefined} options={[{ value: 0, label: t('referenceData.forAll') }, ...provinceOptions(language)]} />,
    },
    ...fieldsOf[kind].map((field) => ({
      name: field.name,
      label: t(`referenceField.${field.name}`),
      rules: [...(field.optional ? [] : [required]), ...(field.look === 'money' ? [readable(t('problem.amount.format'))] : [])],
      input: input(field),
      show: (value: unknown) => shown(field, value),
      wide: field.look === 'long' || field.look === 'document',
    })),
  ]
  return (
    <EditForm<Row, Values>
      name="reference"
      record={row}
      initial={{ province: 0, ...formValues(kind, {}) }}
      factsOf={(r) => ({ province: r.province, ...formValues(kind, r.values) })}
      locked={row ? ['province'] : []}
      fields={fields}
      save={({ province, ...values }, version) => {
        const body = { province: Number(province), values }
        return row
          ? answer(national.PUT('/api/reference/{kind}/{id}', { params: { path: { kind, id: row.id } }, body: { ...body, version } }))
          : answer(national.POST('/api/reference/{kind}', { params: { path: { kind } }, body }))
      }}
      onSaved={() => {
        void message.success(t(row ? 'record.saved' : 'record.created'))
        void client.invalidateQueries({ queryKey: referenceKey })
        onClose()
      }}
      onCancel={onClose}
    />
  )
}

function useInput() {
  const { t } = useTranslation()
  const shown = useShownValue()
  return (field: DataField) => {
    switch (field.look) {
      case 'choice':
        return (
          <Select
            options={choiceValues[field.name as keyof typeof choiceValues].map((value) => ({ value, label: shown(field, value) }))}
          />
        )
      case 'count':
        return <InputNumber min={0} precision={0} style={{ width: '100%' }} />
      case 'money':
        return <MoneyInput places={2} unit={t('unit.yuan')} />
      case 'date':
        return <DateInput />
      case 'time':
        return <TimeInput />
      case 'long':
        return <Input.TextArea rows={3} maxLength={4000} />
      case 'document':
        return <Input.TextArea rows={5} className="figure" />
      default:
        return <Input maxLength={200} />
    }
  }
}
