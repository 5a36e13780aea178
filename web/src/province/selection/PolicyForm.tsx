import { DatePicker, Input, Select, Switch } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes } from '../../reference/choices'
import { divisionOptions } from '../../reference/industries'
import { cityOptions } from '../../reference/regions'
import type { Policy, Rule } from './policies'

interface Proposal extends Rule {
  effectiveAt: string | null
  note: string
}

interface Props {
  /** What the form begins with. */
  rule?: Rule
  onSaved: (policy: Policy) => void
  onCancel: () => void
}

const nothing: Rule = { classes: [], crossProvince: false, industries: [], cities: [], named: [], excluded: [] }

/** Proposes a version of the selection policy. */
export function PolicyForm({ rule, onSaved, onCancel }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { session } = useSession()
  const searched = { mode: 'multiple', allowClear: true, showSearch: { optionFilterProp: 'label' } } as const
  const names = <Select mode="tags" tokenSeparators={[' ', ',', '\n', ';']} open={false} suffixIcon={null} />
  const fields: Field<Proposal>[] = [
    { name: 'classes', label: t('policy.classes'), wide: true, input: <Select mode="multiple" options={asOptions(classes)} /> },
    { name: 'crossProvince', label: t('policy.crossProvince'), valuePropName: 'checked', input: <Switch /> },
    { name: 'cities', label: t('policy.cities'), input: <Select {...searched} options={cityOptions([session.node.province])} /> },
    { name: 'industries', label: t('policy.industries'), wide: true, input: <Select {...searched} options={divisionOptions(language)} /> },
    { name: 'named', label: t('policy.named'), wide: true, help: t('policy.namesHelp'), input: names },
    { name: 'excluded', label: t('policy.excluded'), wide: true, help: t('policy.excludedHelp'), input: names },
    { name: 'effectiveAt', label: t('policy.effectiveAt'), help: t('policy.effectiveHelp'), input: <TimeInput /> },
    { name: 'note', label: t('policy.note'), wide: true, input: <Input.TextArea maxLength={1000} rows={2} /> },
  ]
  return (
    <EditForm<Policy, Proposal>
      name="policy"
      initial={{ ...(rule ?? nothing), effectiveAt: null, note: '' }}
      factsOf={(policy) => ({ ...policy.rule, effectiveAt: policy.effectiveAt, note: policy.note })}
      fields={fields}
      save={({ effectiveAt, note, ...facts }) =>
        answer(province.POST('/api/selection-policies', { body: { rule: facts, effectiveAt: effectiveAt || null, note } }))
      }
      onSaved={onSaved}
      onCancel={onCancel}
    />
  )
}

/** A moment in RFC 3339; null is none. */
function TimeInput({ value, onChange, ...input }: { id?: string; value?: string | null; onChange?: (moment: string | null) => void }) {
  return (
    <DatePicker
      {...input}
      showTime
      style={{ width: '100%' }}
      format="YYYY-MM-DD HH:mm:ss"
      value={value ? dayjs(value) : null}
      onChange={(picked) => onChange?.(picked ? picked.toISOString() : null)}
    />
  )
}
