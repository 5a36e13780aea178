import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Form, Input, Modal, Radio, Select, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { fieldTexts, isProblem, problemText, ProblemError } from '../../api/problem'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { questionOf, type CustomerListState } from '../customer/customers'
import { FollowedJob } from '../job/JobStatus'

type Format = 'csv' | 'xlsx'

/** Writes the customers that the list shows with its filter to a file; of many, asks another person to approve that. */
export default function ExportDialog({ state, total, onClose }: { state: CustomerListState; total: string; onClose: () => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const known = useQuery(attributesQuery)
  const [format, setFormat] = useState<Format>('xlsx')
  const [attributes, setAttributes] = useState<string[]>([])
  const [reason, setReason] = useState('')
  const { page: _page, size: _size, ...question } = questionOf(state)
  const query = { ...question, format, attributes }
  const start = useMutation({ mutationFn: () => answer(province.POST('/api/exports', { params: { query } })) })
  const ask = useMutation({ mutationFn: () => answer(province.POST('/api/exports/requests', { params: { query }, body: { reason } })) })
  const many = isProblem(start.error, 'export.needs_approval')
  const error = ask.error ?? (many ? null : start.error)
  const made = start.data ?? ask.data
  return (
    <Modal
      open
      title={t('export.title')}
      okText={t(many ? 'export.ask' : 'export.start')}
      cancelText={t(made ? 'export.close' : 'action.cancel')}
      okButtonProps={{ loading: start.isPending || ask.isPending, style: made && { display: 'none' }, 'data-testid': many ? 'export-ask' : 'export-start' }}
      onOk={() => (many ? ask : start).mutate()}
      onCancel={onClose}
      data-testid="export-dialog"
    >
      {error && (
        <Alert type="error" showIcon role="alert" title={fieldTexts(t, error)[0]?.text ?? problemText(t, error)} style={{ marginBottom: 16 }} data-testid="export-problem" />
      )}
      {start.data && <FollowedJob id={start.data.id} />}
      {ask.data && <Asked />}
      {!made && many && <Why error={start.error} reason={reason} onChange={setReason} />}
      {!made && !many && (
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

/** Asks what an export is for that one person may not make alone. */
function Why({ error, reason, onChange }: { error: unknown; reason: string; onChange: (reason: string) => void }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const { rows, max } = (error instanceof ProblemError ? error.problem.params : {}) as { rows: number; max: number }
  return (
    <>
      <Typography.Paragraph>{t('export.askWhy', { rows: integer(rows), max: integer(max) })}</Typography.Paragraph>
      <Form.Item label={t('approval.reason')} htmlFor="export-reason" layout="vertical" style={{ marginBottom: 0 }}>
        <Input.TextArea id="export-reason" rows={2} maxLength={500} value={reason} onChange={(event) => onChange(event.target.value)} data-testid="export-reason" />
      </Form.Item>
    </>
  )
}

function Asked() {
  const { t } = useTranslation()
  return (
    <Typography.Paragraph role="status" data-testid="export-asked">
      {t('export.asked')} <Link to="/approvals">{t('export.toApprovals')}</Link>
    </Typography.Paragraph>
  )
}
