import { UploadOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Typography, Upload } from 'antd'
import dayjs from 'dayjs'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { DateInput } from '../../edit/DateInput'
import { Loaded } from '../../frame/Outcome'
import { readText } from '../../table/readText'
import { isOpen, jobQuery } from '../job/jobs'
import { JobActions, JobProgress } from '../job/JobStatus'

/** Sends a list of members, and shows how far the node is with it. */
export function ImportMembers({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const [file, setFile] = useState<{ name: string; text: string }>()
  const [day, setDay] = useState(dayjs().format('YYYY-MM-DD'))
  const start = useMutation({
    mutationFn: (text: string) => answer(province.POST('/api/customers/{id}/members/import', { params: { path: { id: customerId } }, body: { text, day } })),
  })
  if (start.data) return <Progressing id={start.data.id} customerId={customerId} />
  return (
    <Form layout="vertical" data-testid="members-import">
      {start.error && (
        <Alert
          type="error"
          showIcon
          role="alert"
          style={{ marginBottom: 16 }}
          title={fieldTexts(t, start.error)[0]?.text ?? problemText(t, start.error)}
          data-testid="import-problem"
        />
      )}
      <Typography.Paragraph>{t('membersImport.columns')}</Typography.Paragraph>
      <Form.Item label={t('membersImport.day')} htmlFor="members-import-day">
        <DateInput id="members-import-day" value={day} onChange={setDay} />
      </Form.Item>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center' }}>
        <Upload
          accept=".csv,.txt"
          showUploadList={false}
          beforeUpload={async (chosen) => {
            setFile({ name: chosen.name, text: await readText(chosen) })
            return Upload.LIST_IGNORE
          }}
        >
          <Button icon={<UploadOutlined aria-hidden />} data-testid="members-import-file">
            {file?.name ?? t('import.file')}
          </Button>
        </Upload>
        <Button
          type="primary"
          disabled={!file || day === ''}
          loading={start.isPending}
          onClick={() => file && start.mutate(file.text)}
          data-testid="members-import-start"
        >
          {t('membersImport.start')}
        </Button>
      </div>
    </Form>
  )
}

function Progressing({ id, customerId }: { id: number; customerId: number }) {
  const client = useQueryClient()
  const query = useQuery(jobQuery(id))
  const ended = query.data !== undefined && !isOpen(query.data)
  useEffect(() => {
    if (!ended) return
    for (const part of ['members', 'overview']) void client.invalidateQueries({ queryKey: [part, customerId] })
  }, [ended, client, customerId])
  return (
    <Loaded query={query}>
      {(job) => (
        <>
          <JobProgress job={job} />
          <div style={{ marginTop: 16 }}>
            <JobActions job={job} />
          </div>
        </>
      )}
    </Loaded>
  )
}
