import { useQueryClient } from '@tanstack/react-query'
import { App, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { facts, type Rule } from './completeness'

type Weights = Record<string, number>

/** States how much each fact counts. */
export function RuleForm({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const fields = facts.map((fact): Field<Weights> => ({
    name: fact,
    label: t(`completenessFact.${fact}`),
    rules: [{ required: true, message: t('problem.input.required') }],
    input: <InputNumber min={0} max={1000} precision={0} style={{ width: '100%' }} />,
  }))
  return (
    <>
      <p>{t('completeness.ruleHelp')}</p>
      <EditForm<Rule, Weights>
        name="completeness"
        record={rule}
        factsOf={(record) => Object.fromEntries(facts.map((fact) => [fact, record.weights[fact] ?? 0]))}
        fields={fields}
        save={(weights, version) => answer(province.PUT('/api/completeness/rule', { body: { version, weights } }))}
        onSaved={() => {
          void message.success(t('record.saved'))
          void client.invalidateQueries({ queryKey: ['completeness'] })
          onClose()
        }}
        onCancel={onClose}
      />
    </>
  )
}
