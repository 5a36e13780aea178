import { UploadOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Radio, Upload } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { problemText } from '../../api/problem'
import { textIfKnown } from '../../language/language'
import { fieldsOf, type Kind } from '../../referencedata/kinds'
import { DataTable } from '../../table/DataTable'
import { Mark, type Mood } from '../../table/Mark'
import { referenceKey, type ImportResult } from './referenceData'

type Line = ImportResult['lines'][number]

const moods: Record<Line['outcome'], Mood> = { created: 'good', changed: 'busy', same: 'neutral', refused: 'bad' }

/** Adds and changes many rows: first it is tried, then all or none is written. */
export function ImportForm({ kind }: { kind: Kind }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [format, setFormat] = useState<'csv' | 'json'>('csv')
  const [written, setWritten] = useState('')
  const run = useMutation({
    mutationFn: (dry: boolean) => answer(national.POST('/api/reference/{kind}/import', { params: { path: { kind } }, body: { format, text: written, dry } })),
    onSuccess: ({ version }) => {
      if (version > 0) void client.invalidateQueries({ queryKey: referenceKey })
    },
  })
  return (
    <Form layout="vertical">
      <Form.Item label={t('import.format')}>
        <Radio.Group
          value={format}
          onChange={(event) => setFormat(event.target.value as 'csv' | 'json')}
          options={[{ value: 'csv', label: 'CSV' }, { value: 'json', label: 'JSON' }]}
        />
      </Form.Item>
      <Form.Item
        label={t('import.text')}
        htmlFor="import-text"
        extra={t('import.columns', { columns: [...fieldsOf[kind].map((f) => f.name), 'province'].join(', ') })}
      >
        <Input.TextArea id="import-text" rows={10} value={written} onChange={(event) => setWritten(event.target.value)} data-testid="import-text" />
      </Form.Item>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, marginBottom: 16 }}>
        <Upload
          accept=".csv,.json,.txt"
          showUploadList={false}
          beforeUpload={async (file) => {
            setFormat(file.name.endsWith('.json') ? 'json' : 'csv')
            setWritten(await file.text())
            return Upload.LIST_IGNORE
          }}
        >
          <Button icon={<UploadOutlined aria-hidden />}>{t('import.file')}</Button>
        </Upload>
        <Button loading={run.isPending && run.variables} disabled={!written} onClick={() => run.mutate(true)} data-testid="import-try">
          {t('import.try')}
        </Button>
        <Button type="primary" loading={run.isPending && !run.variables} disabled={!written} onClick={() => run.mutate(false)} data-testid="import-run">
          {t('import.run')}
        </Button>
      </div>
      {run.error && <Alert type="error" showIcon role="alert" title={problemText(t, run.error)} />}
      {run.data && <Result result={run.data} tried={run.variables ?? true} />}
    </Form>
  )
}

function Result({ result, tried }: { result: ImportResult; tried: boolean }) {
  const { t } = useTranslation()
  const refused = result.refused > 0
  return (
    <>
      <Alert
        type={refused ? 'error' : 'success'}
        showIcon
        role="status"
        style={{ marginBottom: 12 }}
        data-testid="import-result"
        title={t(refused ? 'import.refused' : tried ? 'import.tried' : 'import.done', {
          created: result.created, changed: result.changed, same: result.same, refused: result.refused,
        })}
      />
      {result.lines.length > 0 && (
        <DataTable<Line>
          label={t('import.lines')}
          rowKey="number"
          dataSource={result.lines}
          pagination={{ pageSize: 50, hideOnSinglePage: true }}
          columns={[
            { title: t('import.line'), dataIndex: 'number' },
            { title: t('import.outcome'), render: (_, l) => <Mark mood={moods[l.outcome]}>{t(`importOutcome.${l.outcome}`)}</Mark> },
            {
              title: t('import.reason'),
              render: (_, l) => l.errors.map((e) => (
                <div key={`${e.field}${e.code}`}>
                  {e.field && `${textIfKnown(`referenceField.${e.field}`, e.field)}: `}
                  {textIfKnown(`problem.${e.code}`, e.code, e.params ?? {})}
                </div>
              )),
            },
          ]}
        />
      )}
    </>
  )
}
