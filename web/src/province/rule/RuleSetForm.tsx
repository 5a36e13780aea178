import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Card, Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { MoneyInput, readable } from '../../edit/MoneyInput'
import { choicesOf, facts, isMoney, outcomesOf, subjectOf, useRereadRules, wordOf, type Condition, type Fact, type Kind, type Version } from './rules'

export type Draft = Pick<Version, 'lines' | 'strategies'>

interface Props {
  kind: Kind
  /** The version that the draft begins with. */
  begin: Draft
  newest: number
  onSaved: (version: number) => void
  onCancel: () => void
}

/** The place of a field that the node names, such as lines[0].outcome. */
const placeOf = (field: string) => field.split(/[.[\]]+/).map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** What a condition begins with. */
const beginning: Condition = { fact: 'subscriptions', months: 0, comparison: 'atLeast', number: 1, values: [] }

/** States a new version of a rule set. */
export function RuleSetForm({ kind, begin, newest, onSaved, onCancel }: Props) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Draft>()
  const reread = useRereadRules(kind)
  const save = useMutation({
    mutationFn: (draft: Draft) =>
      answer(province.POST('/api/rules/{kind}/versions', { params: { path: { kind } }, body: { version: newest, ...complete(draft) } })),
    onSuccess: async ({ version }) => {
      await reread()
      onSaved(version)
    },
    onError: (error) =>
      form.setFields(fieldTexts(t, error).map((e) => ({ name: placeOf(e.field), errors: [e.text] })) as Parameters<typeof form.setFields>[0]),
  })
  const subject = subjectOf(kind)
  const outcomes = outcomesOf[subject].map((value) => ({ value, label: wordOf(value) }))
  return (
    <>
      {save.error && <Alert type="error" showIcon role="alert" title={problemText(t, save.error)} style={{ marginBottom: 16 }} data-testid="save-problem" />}
      <p>{t('rule.help')}</p>
      <Form<Draft>
        form={form}
        name="rule"
        layout="vertical"
        initialValues={{ lines: begin.lines, strategies: begin.strategies }}
        onFinish={(draft) => save.mutate(draft)}
        scrollToFirstError={{ focus: true, block: 'center' }}
        data-testid="form-rule"
      >
        <Form.List name="lines">
          {(lines, { add, remove, move }) => (
            <>
              {lines.map(({ key, name }, place) => (
                <Card
                  key={key}
                  size="small"
                  style={{ marginBottom: 12 }}
                  title={t('rule.line', { place: place + 1 })}
                  extra={
                    <>
                      <Button size="small" type="text" icon={<ArrowUpOutlined aria-hidden />} aria-label={t('rule.up', { place: place + 1 })} disabled={place === 0} onClick={() => move(place, place - 1)} />
                      <Button size="small" type="text" icon={<ArrowDownOutlined aria-hidden />} aria-label={t('rule.down', { place: place + 1 })} disabled={place === lines.length - 1} onClick={() => move(place, place + 1)} />
                      <Button size="small" type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t('rule.removeLine', { place: place + 1 })} onClick={() => remove(name)} />
                    </>
                  }
                >
                  <div className="two-columns">
                    <Form.Item name={[name, 'outcome']} label={t('rule.outcome')} rules={[{ required: true, message: t('problem.input.required') }]}>
                      <Select options={outcomes} data-testid={`rule-outcome-${place}`} />
                    </Form.Item>
                    <Form.Item name={[name, 'match']} label={t('rule.match')}>
                      <Select options={(['all', 'any'] as const).map((value) => ({ value, label: t(`ruleMatch.${value}`) }))} />
                    </Form.Item>
                  </div>
                  <Conditions line={name} place={place} />
                </Card>
              ))}
              <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({ outcome: undefined, match: 'all', conditions: [beginning] })} data-testid="rule-line-add">
                {t('rule.addLine')}
              </Button>
            </>
          )}
        </Form.List>
        <h3 style={{ fontSize: 16, marginBlock: '24px 8px' }}>{t(`ruleStrategies.${subject}`)}</h3>
        {outcomesOf[subject].map((outcome) => (
          <Form.Item key={outcome} name={['strategies', outcome]} label={wordOf(outcome)}>
            <Input.TextArea maxLength={500} rows={2} data-testid={`rule-strategy-${outcome}`} />
          </Form.Item>
        ))}
        <div style={{ display: 'flex', gap: 8, justifyContent: 'end' }}>
          <Button onClick={onCancel} data-testid="cancel">
            {t('action.cancel')}
          </Button>
          <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save">
            {t('rule.saveDraft')}
          </Button>
        </div>
      </Form>
    </>
  )
}

/** What is sent of a draft: inputs that are not shown for a fact leave nothing. */
function complete({ lines, strategies }: Draft): Draft {
  return {
    lines: lines.map((line) => ({
      ...line,
      conditions: (line.conditions ?? []).map((c) => ({
        ...c,
        months: c.fact === 'income' ? (c.months ?? 0) : 0,
        comparison: choicesOf(c.fact) ? 'oneOf' : c.comparison === 'oneOf' ? 'atLeast' : c.comparison,
        number: choicesOf(c.fact) ? 0 : (c.number ?? 0),
        values: choicesOf(c.fact) ? (c.values ?? []) : [],
      })),
    })),
    strategies: Object.fromEntries(Object.entries(strategies ?? {}).filter(([, text]) => text)),
  }
}

function Conditions({ line, place }: { line: number; place: number }) {
  const { t } = useTranslation()
  return (
    <Form.List name={[line, 'conditions']}>
      {(conditions, { add, remove }, { errors }) => (
        <>
          {conditions.map(({ key, name }, n) => (
            <div key={key} role="group" aria-label={t('rule.condition', { place: n + 1 })} style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
              <ConditionInputs line={line} condition={name} testid={`${place}-${n}`} />
              <Button type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t('rule.removeCondition', { place: n + 1 })} onClick={() => remove(name)} />
            </div>
          ))}
          <Form.ErrorList errors={errors} />
          <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add(beginning)} data-testid={`rule-condition-add-${place}`}>
            {t('rule.addCondition')}
          </Button>
        </>
      )}
    </Form.List>
  )
}

/** One condition: fact, comparison, and what it is compared with. */
function ConditionInputs({ line, condition, testid }: { line: number; condition: number; testid: string }) {
  const { t } = useTranslation()
  const form = Form.useFormInstance()
  const fact = Form.useWatch(['lines', line, 'conditions', condition, 'fact'], form) as Fact | undefined
  const choices = choicesOf(fact)
  const required = { required: true, message: t('problem.input.required') }
  const tight = { marginBottom: 8 }
  return (
    <>
      <Form.Item name={[condition, 'fact']} style={{ ...tight, flex: '1 1 200px' }}>
        <Select aria-label={t('rule.fact')} options={facts.map((value) => ({ value, label: t(`ruleFact.${value}`) }))} data-testid={`rule-fact-${testid}`} />
      </Form.Item>
      {fact === 'income' && (
        <Form.Item name={[condition, 'months']} style={tight} rules={[required]}>
          <InputNumber aria-label={t('rule.months')} min={1} max={24} precision={0} style={{ width: 130 }} suffix={t('rule.months')} />
        </Form.Item>
      )}
      {choices ? (
        <Form.Item name={[condition, 'values']} style={{ ...tight, flex: '1 1 200px' }} rules={[required]}>
          <Select mode="multiple" aria-label={t('rule.values')} options={choices.map((value) => ({ value, label: wordOf(value) }))} />
        </Form.Item>
      ) : (
        <>
          <Form.Item name={[condition, 'comparison']} style={{ ...tight, width: 110 }}>
            <Select aria-label={t('rule.comparison')} options={(['atLeast', 'atMost'] as const).map((value) => ({ value, label: t(`ruleComparison.${value}`) }))} />
          </Form.Item>
          {/* A field of its own for each unit: an amount is typed in yuan. */}
          {isMoney(fact) ? (
            <Form.Item key="money" name={[condition, 'number']} style={{ ...tight, width: 150 }} rules={[required, readable(t('problem.input.format'))]}>
              <MoneyInput aria-label={t('rule.number')} places={2} unit={t('unit.yuan')} data-testid={`rule-number-${testid}`} />
            </Form.Item>
          ) : (
            <Form.Item key="number" name={[condition, 'number']} style={{ ...tight, width: 130 }} rules={[required]}>
              <InputNumber aria-label={t('rule.number')} min={0} precision={0} style={{ width: '100%' }} data-testid={`rule-number-${testid}`} />
            </Form.Item>
          )}
        </>
      )}
    </>
  )
}
