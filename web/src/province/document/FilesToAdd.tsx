import { DeleteOutlined, PaperClipOutlined, UploadOutlined } from '@ant-design/icons'
import { Button, Space, Typography, Upload } from 'antd'
import { useTranslation } from 'react-i18next'

interface Props {
  files: File[]
  onChange: (change: (files: File[]) => File[]) => void
}

/** The files that are added with something that is not saved yet. */
export function FilesToAdd({ files, onChange }: Props) {
  const { t } = useTranslation()
  return (
    <div data-testid="files-to-add">
      <Space wrap>
        <Upload
          multiple
          showUploadList={false}
          beforeUpload={(file) => {
            onChange((others) => [...others, file])
            return Upload.LIST_IGNORE
          }}
        >
          <Button icon={<UploadOutlined aria-hidden />} data-testid="file-choose">
            {t('document.add')}
          </Button>
        </Upload>
        <Typography.Text type="secondary">{t('document.kinds')}</Typography.Text>
      </Space>
      <ul style={{ listStyle: 'none', padding: 0, margin: '8px 0 0' }}>
        {files.map((file, i) => (
          <li key={`${file.name}-${file.lastModified}-${file.size}-${i}`} style={{ overflowWrap: 'anywhere' }}>
            <PaperClipOutlined aria-hidden /> {file.name}{' '}
            <Button
              size="small"
              type="text"
              icon={<DeleteOutlined aria-hidden />}
              aria-label={t('document.leaveOut', { name: file.name })}
              onClick={() => onChange((others) => others.filter((other) => other !== file))}
            />
          </li>
        ))}
      </ul>
    </div>
  )
}
