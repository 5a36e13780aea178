import { useQueryClient } from '@tanstack/react-query'
import { App, Input, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { referenceKey, type Row } from './referenceData'

interface Words {
  localName: string
  available: boolean
  note: string
}

interface Extension extends Words {
  version: number
}

/** The province's own words on a product of the catalogue. */
export function ExtensionForm({ row, onClose }: { row: Row; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const { code, localName, available, note, extensionVersion } = row.values
  const fields: Field<Words>[] = [
    { name: 'localName', label: t('extension.localName'), input: <Input maxLength={120} /> },
    { name: 'available', label: t('extension.available'), valuePropName: 'checked', input: <Switch /> },
    { name: 'note', label: t('referenceField.note'), wide: true, input: <Input.TextArea rows={3} maxLength={500} /> },
  ]
  return (
    <EditForm<Extension, Words>
      name="extension"
      record={{ version: Number(extensionVersion), localName: String(localName), available: available === true, note: String(note) }}
      factsOf={(e) => ({ localName: e.localName, available: e.available, note: e.note })}
      fields={fields}
      save={async (words, version) => {
        const body = { ...words, localName: words.localName ?? '', note: words.note ?? '', version }
        await answer(province.PUT('/api/reference/products/{code}/extension', { params: { path: { code: String(code) } }, body }))
        return { ...words, version: version + 1 }
      }}
      onSaved={() => {
        void message.success(t('record.saved'))
        void client.invalidateQueries({ queryKey: referenceKey })
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
