import { useQueryClient } from '@tanstack/react-query'
import { App, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import type { ExportRule } from './requests'

type Facts = Pick<ExportRule, 'mostAlone' | 'waitHours'>

/** States how many customers one person may export alone, and how long a request waits. */
export function ExportRuleForm({ rule, onClose }: { rule: ExportRule; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const field = (name: keyof Facts, min: number, max: number): Field<Facts> => ({
    name,
    label: t(`approvalRule.${name}`),
    rules: [{ required: true, message: t('problem.input.required') }],
    input: <InputNumber min={min} max={max} precision={0} style={{ width: '100%' }} />,
  })
  return (
    <>
      <p>{t('approval.ruleHelp')}</p>
      <EditForm<ExportRule, Facts>
        name="export-rule"
        record={rule}
        factsOf={({ mostAlone, waitHours }) => ({ mostAlone, waitHours })}
        fields={[field('mostAlone', 0, 200_000), field('waitHours', 1, 720)]}
        save={(facts, version) => answer(province.PUT('/api/exports/rule', { body: { version, ...facts } }))}
        onSaved={() => {
          void message.success(t('record.saved'))
          void client.invalidateQueries({ queryKey: ['export-rule'] })
          onClose()
        }}
        onCancel={onClose}
      />
    </>
  )
}
