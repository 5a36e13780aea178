import { UploadOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Upload } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { fieldTexts, problemText } from '../../api/problem'
import { upload } from './imports'

/** Sends a file and goes on to say what its columns mean. */
export function UploadButton() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const send = useMutation({
    mutationFn: upload,
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['imports'] })
      void navigate(`/imports/${made.id}`)
    },
  })
  return (
    <>
      {send.error && (
        <Alert type="error" showIcon role="alert" title={fieldTexts(t, send.error)[0]?.text ?? problemText(t, send.error)} data-testid="import-problem" />
      )}
      <Upload
        accept=".csv,.txt,.xlsx"
        showUploadList={false}
        beforeUpload={(file) => {
          send.mutate(file)
          return Upload.LIST_IGNORE
        }}
      >
        <Button type="primary" icon={<UploadOutlined aria-hidden />} loading={send.isPending} data-testid="import-file">
          {t('imports.upload')}
        </Button>
      </Upload>
    </>
  )
}
