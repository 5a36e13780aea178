import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Radio, Select, Space, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { textIfKnown } from '../../language/language'
import { useLanguage } from '../../language/LanguageProvider'
import { DataTable } from '../../table/DataTable'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { beginning, type Settings, type WholeImport } from './imports'

interface Column {
  place: number
  heading: string
  sample: string
}

/** Says what each column means, by what customers are recognised, and what lines may do; then tries it. */
export function SettingsForm({ made }: { made: WholeImport }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [to, setTo] = useState<Settings>(() => beginning(made))
  const patch = (some: Partial<Settings>) => setTo({ ...to, ...some })
  const params = { path: { id: made.id } }
  const start = useMutation({
    mutationFn: async () => {
      await answer(province.PUT('/api/imports/{id}', { params, body: to }))
      return answer(province.POST('/api/imports/{id}/try', { params }))
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['imports'] }),
  })
  const { language } = useLanguage()
  const attributes = useQuery(attributesQuery)
  const name = (field: string) => {
    const attribute = attributes.data?.items.find((a) => field === `attribute.${a.code}`)
    return attribute ? t('imports.attribute', { name: nameOf(attribute, language) }) : textIfKnown(`importField.${field}`, field)
  }
  const columns: TableColumnsType<Column> = [
    { title: t('imports.heading'), dataIndex: 'heading' },
    { title: t('imports.sample'), render: (_, c) => <div style={{ maxWidth: 320, overflowWrap: 'anywhere' }}>{c.sample || t('value.none')}</div> },
    {
      title: t('imports.meaning'),
      render: (_, c) => (
        <Select
          id={`import-field-${c.place}`}
          aria-label={t('imports.meaningOf', { heading: c.heading })}
          value={to.fields[c.place]}
          showSearch={{ optionFilterProp: 'label' }}
          style={{ width: 220 }}
          options={['', ...made.choices].map((value) => ({
            value, label: value === '' ? t('imports.ignored') : name(value), disabled: value !== '' && value !== to.fields[c.place] && to.fields.includes(value),
          }))}
          onChange={(value: string) => patch({ fields: to.fields.map((old, place) => (place === c.place ? value : old)) })}
          data-testid={`import-field-${c.place}`}
        />
      ),
    },
  ]
  const rows = made.columns.map((heading, place) => ({ place, heading, sample: made.lines.map((l) => l[place]).filter(Boolean).slice(0, 3).join(' · ') }))
  return (
    <>
      {start.error && (
        <Alert type="error" showIcon role="alert" style={{ marginBottom: 16 }} title={fieldTexts(t, start.error)[0]?.text ?? problemText(t, start.error)} data-testid="import-problem" />
      )}
      <DataTable<Column> label={t('imports.columns')} rowKey="place" columns={columns} dataSource={rows} size="small" />
      <Space orientation="vertical" size="middle" style={{ marginTop: 16 }}>
        <div>
          <span style={{ marginInlineEnd: 12 }}>{t('imports.key')}</span>
          <Radio.Group
            value={to.key}
            aria-label={t('imports.key')}
            onChange={(event) => patch({ key: event.target.value as Settings['key'] })}
            options={(['number', 'creditCode', 'name'] as const).map((value) => ({ value, label: name(value), disabled: !to.fields.includes(value) }))}
            data-testid="import-key"
          />
        </div>
        <div>
          <span style={{ marginInlineEnd: 12 }}>{t('imports.mode')}</span>
          <Radio.Group
            value={to.mode}
            aria-label={t('imports.mode')}
            onChange={(event) => patch({ mode: event.target.value as Settings['mode'] })}
            options={(['both', 'create', 'change'] as const).map((value) => ({ value, label: t(`importMode.${value}`) }))}
            data-testid="import-mode"
          />
        </div>
        <Checkbox checked={to.distinct} onChange={(event) => patch({ distinct: event.target.checked })} data-testid="import-distinct">
          {t('imports.distinct')}
        </Checkbox>
        <Button type="primary" loading={start.isPending} onClick={() => start.mutate()} data-testid="import-try">
          {t('imports.try')}
        </Button>
      </Space>
    </>
  )
}
