import { useQueryClient } from '@tanstack/react-query'
import { App, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { lifecycles } from '../../reference/choices'
import type { PoolRule } from './pool'

type Stated = Omit<PoolRule, 'version'>

/** States by which rule customers leave the pool and return to it. */
export function PoolRuleForm({ rule, onClose }: { rule: PoolRule; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const whole = (name: keyof Stated, min: number, max: number, help: string): Field<Stated> => ({
    name, label: t(`poolRule.${name}`), help, rules: [{ required: true, message: t('problem.input.required') }],
    input: <InputNumber min={min} max={max} precision={0} style={{ width: '100%' }} />,
  })
  const fields: Field<Stated>[] = [
    whole('mostHeld', 1, 100_000, t('poolRule.mostHeldHelp')),
    whole('coolingDays', 0, 365, t('poolRule.coolingDaysHelp')),
    whole('idleDays', 0, 3650, t('poolRule.idleDaysHelp')),
    {
      name: 'idleStates', label: t('poolRule.idleStates'), show: (value) => (value as string[]).join('、'),
      input: <Select mode="multiple" options={lifecycles.map((value) => ({ value, label: t(`lifecycle.${value}`) }))} />,
    },
  ]
  return (
    <EditForm<PoolRule, Stated>
      name="pool"
      record={rule}
      factsOf={({ version: _version, ...stated }) => stated}
      fields={fields}
      save={(stated, version) => answer(province.PUT('/api/pool/rule', { body: { ...stated, version } }))}
      onSaved={() => {
        void message.success(t('record.saved'))
        void client.invalidateQueries({ queryKey: ['pool-rule'] })
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
