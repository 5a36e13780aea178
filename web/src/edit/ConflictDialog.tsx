import { WarningOutlined } from '@ant-design/icons'
import { Modal, Radio, Tag, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FieldText } from './field'
import { merge, obvious, undecided, type Difference } from './merge'
import './conflict.css'

interface Props<F extends object> {
  found: Difference<F>[]
  theirs: F
  fields: FieldText<F>[]
  onSave: (merged: F) => void
  onCancel: () => void
}

/**
 * Shows what two people have done to a record: in three columns what I want, what is stored now
 * and what both began with. A field that one side changed goes to that side unless I say otherwise;
 * for a field that both changed I have to choose.
 */
export function ConflictDialog<F extends object>({ found, theirs, fields, onSave, onCancel }: Props<F>) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState(() => obvious(found))
  const field = (name: string) => fields.find((f) => f.name === name)
  return (
    <Modal
      open
      width={960}
      title={
        <>
          <WarningOutlined aria-hidden /> {t('conflict.title')}
        </>
      }
      okText={t('conflict.save')}
      cancelText={t('conflict.back')}
      okButtonProps={{ disabled: undecided(found, chosen), 'data-testid': 'conflict-save' }}
      cancelButtonProps={{ 'data-testid': 'conflict-cancel' }}
      onOk={() => onSave(merge(theirs, found, chosen))}
      onCancel={onCancel}
      mask={{ closable: false }}
      data-testid="conflict-dialog"
    >
      <Typography.Paragraph>{t(found.length > 0 ? 'conflict.explanation' : 'conflict.same')}</Typography.Paragraph>
      {found.map((d) => {
        const show = (value: F[keyof F]) => field(d.name)?.show?.(value) ?? String(value ?? '')
        return (
          <fieldset key={d.name} className="conflict" data-testid={`conflict-field-${d.name}`}>
            <legend>
              {field(d.name)?.label ?? d.name} {!d.changedBy && <Tag color="error">{t('conflict.bothChanged')}</Tag>}
            </legend>
            {(['mine', 'theirs'] as const).map((side) => (
              <div key={side} className="conflict-value">
                <Radio
                  name={`conflict-${d.name}`}
                  checked={chosen[d.name] === side}
                  onChange={() => setChosen({ ...chosen, [d.name]: side })}
                  data-testid={`conflict-${d.name}-${side}`}
                >
                  <Typography.Text type="secondary">{t(`conflict.${side}`)}</Typography.Text>
                  <div>{show(d[side]) || t('value.none')}</div>
                </Radio>
              </div>
            ))}
            <div className="conflict-value" data-testid={`conflict-${d.name}-original`}>
              <Typography.Text type="secondary">{t('conflict.original')}</Typography.Text>
              <div>{show(d.original) || t('value.none')}</div>
            </div>
          </fieldset>
        )
      })}
    </Modal>
  )
}
