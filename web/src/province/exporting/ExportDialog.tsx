import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Form, Modal, Radio, Select, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { fieldTexts, problemText } from '../../api/problem'
import { Loaded } from '../../frame/Outcome'
import { useLanguage } from '../../language/LanguageProvider'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { questionOf, type CustomerListState } from '../customer/customers'
import { jobQuery } from '../job/jobs'
import { JobActions, JobProgress } from '../job/JobStatus'

type Format = 'csv' | 'xlsx'

/** Writes the customers that the list shows with its filter to a file. */
export default function ExportDialog({ state, total, onClose }: { state: CustomerListState; total: string; onClose: () => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const known = useQuery(attributesQuery)
  const [format, setFormat] = useState<Format>('xlsx')
  const [attributes, setAttributes] = useState<string[]>([])
  const start = useMutation({
    mutationFn: () => {
      const { page: _page, size: _size, ...query } = questionOf(state)
      return answer(province.POST('/api/exports', { params: { query: { ...query, format, attributes } } }))
    },
  })
  return (
    <Modal
      open
      title={t('export.title')}
      okText={t('export.start')}
      cancelText={t(start.data ? 'export.close' : 'action.cancel')}
      okButtonProps={{ loading: start.isPending, style: start.data && { display: 'none' }, 'data-testid': 'export-start' }}
      onOk={() => start.mutate()}
      onCancel={onClose}
      data-testid="export-dialog"
    >
      {start.error && (
        <Alert type="error" showIcon role="alert" title={fieldTexts(t, start.error)[0]?.text ?? problemText(t, start.error)} style={{ marginBottom: 16 }} data-testid="export-problem" />
      )}
      {start.data ? (
        <Progressing id={start.data.id} />
      ) : (
        <>
          <Typography.Paragraph>{t('export.about', { total })}</Typography.Paragraph>
          <Radio.Group
            value={format}
            aria-label={t('export.format')}
            onChange={(event) => setFormat(event.target.value as Format)}
            options={[{ value: 'xlsx', label: t('exportFormat.xlsx') }, { value: 'csv', label: t('exportFormat.csv') }]}
            data-testid="export-format"
          />
          {known.data && known.data.items.length > 0 && (
            <Form.Item label={t('export.attributes')} htmlFor="export-attributes" layout="vertical" style={{ marginTop: 16, marginBottom: 0 }}>
              <Select
                id="export-attributes"
                mode="multiple"
                value={attributes}
                placeholder={t('export.noAttributes')}
                showSearch={{ optionFilterProp: 'label' }}
                options={known.data.items.map((a) => ({ value: a.code, label: nameOf(a, language) }))}
                onChange={setAttributes}
                data-testid="export-attributes"
              />
            </Form.Item>
          )}
        </>
      )}
    </Modal>
  )
}

function Progressing({ id }: { id: number }) {
  const query = useQuery(jobQuery(id))
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
