import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form } from 'antd'
import { cloneElement, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { currentOf, fieldTexts, problemText } from '../api/problem'
import { ConflictDialog } from './ConflictDialog'
import type { Field } from './field'
import { differences, withLocked, type Difference } from './merge'

interface Props<V extends { version: number }, F extends object> {
  name: string
  /** What is edited; none for a new record. */
  record?: V
  /** What the form of a new record begins with. */
  initial?: F
  /** What is changed of the record already when the form opens. */
  changed?: Partial<F>
  factsOf: (record: V) => F
  fields: Field<F>[]
  /** Fields that this user cannot change, such as masked ones: they are sent as they were read. */
  locked?: (keyof F & string)[]
  save: (facts: F, version: number) => Promise<V>
  onSaved: (record: V) => void
  onCancel: () => void
}

/**
 * Edits a record that carries a version. What the node refuses is shown at its field. Where the
 * record was changed meanwhile, the fields that differ are decided in a dialog, and the result is
 * saved on the version that is stored now.
 */
export function EditForm<V extends { version: number }, F extends object>(props: Props<V, F>) {
  const { name, initial, changed, factsOf, fields, locked = [], onSaved, onCancel } = props
  const { t } = useTranslation()
  const [form] = Form.useForm<F>()
  // What editing began with, whatever the page has read since.
  const [base, setBase] = useState(props.record)
  const [conflict, setConflict] = useState<{ theirs: V; found: Difference<F>[] }>()

  const save = useMutation({
    mutationFn: ({ facts, onto }: { facts: F; onto?: V }) =>
      props.save(onto ? withLocked(facts, factsOf(onto), locked) : facts, onto?.version ?? 0),
    onSuccess: onSaved,
    onError(error, { facts, onto }) {
      const theirs = currentOf<V>(error)
      if (theirs && onto) {
        setConflict({ theirs, found: differences(factsOf(onto), facts, factsOf(theirs), locked) })
        return
      }
      const known = fields.map((f) => f.name as string)
      const errors = fieldTexts(t, error).filter((e) => known.includes(e.field))
      form.setFields(errors.map((e) => ({ name: e.field, errors: [e.text] })) as Parameters<typeof form.setFields>[0])
      if (errors[0]) form.scrollToField(errors[0].field as Parameters<typeof form.scrollToField>[0], { focus: true, block: 'center' })
    },
  })

  return (
    <>
      {save.error && !conflict && <Refusal error={save.error} known={fields.map((f) => f.name)} />}
      <Form<F>
        form={form}
        name={name}
        layout="vertical"
        initialValues={base ? { ...factsOf(base), ...changed } : initial}
        onFinish={(facts) => save.mutate({ facts, onto: base })}
        scrollToFirstError={{ focus: true, block: 'center' }}
        className="two-columns"
        data-testid={`form-${name}`}
      >
        {fields.map((field) => (
          <Form.Item
            key={field.name}
            name={field.name as never}
            label={field.label}
            rules={field.rules}
            extra={field.help}
            valuePropName={field.valuePropName ?? 'value'}
            normalize={(value: unknown) => value ?? null} // what is cleared is null to the API
            style={field.wide ? { gridColumn: '1 / -1' } : undefined}
          >
            {cloneElement(field.input, {
              disabled: locked.includes(field.name),
              'data-testid': `field-${field.name}`,
            } as object)}
          </Form.Item>
        ))}
        <div style={{ gridColumn: '1 / -1', display: 'flex', gap: 8, justifyContent: 'end' }}>
          <Button onClick={onCancel} data-testid="cancel">
            {t('action.cancel')}
          </Button>
          <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save">
            {t('action.save')}
          </Button>
        </div>
      </Form>
      {conflict && (
        <ConflictDialog
          key={conflict.theirs.version}
          found={conflict.found}
          theirs={factsOf(conflict.theirs)}
          fields={fields}
          onCancel={() => setConflict(undefined)}
          onSave={(facts) => {
            // From here on editing has begun with what is stored now.
            setBase(conflict.theirs)
            setConflict(undefined)
            form.setFieldsValue(facts as Parameters<typeof form.setFieldsValue>[0])
            save.mutate({ facts, onto: conflict.theirs })
          }}
        />
      )}
    </>
  )
}

/** Says why a record was not saved, with what concerns no field of the form. */
function Refusal({ error, known }: { error: unknown; known: readonly string[] }) {
  const { t } = useTranslation()
  const others = fieldTexts(t, error).filter((e) => !known.includes(e.field))
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={problemText(t, error)}
      description={others.length > 0 ? others.map((e) => `${e.field}: ${e.text}`).join('\n') : undefined}
      style={{ marginBottom: 16 }}
      data-testid="save-problem"
    />
  )
}
