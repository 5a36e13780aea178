import { DeleteOutlined, DownloadOutlined, UploadOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Popconfirm, Space, Typography, Upload, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { addDocument, belongsTo, documentsQuery, refusalText, type Document, type Owner } from './documents'

interface Props {
  customerId: number
  owner: Owner
  /** What the list is called. */
  label: string
  mayChange: boolean
}

/** The documents of a contract or an interaction: files to save, never shown in the page. */
export default function DocumentsPanel({ customerId, owner, label, mayChange }: Props) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const client = useQueryClient()
  const reread = () =>
    Promise.all(['documents', 'timeline'].map((part) => client.invalidateQueries({ queryKey: [part, customerId] })))
  const documents = useQuery(documentsQuery(customerId)).data?.items.filter((d) => belongsTo(d, owner))
  const add = useMutation({ mutationFn: (file: File) => addDocument(owner, file), onSuccess: reread })
  const remove = useMutation({
    mutationFn: (id: number) => answer(province.DELETE('/api/documents/{id}', { params: { path: { id } } })),
    onSuccess: reread,
  })
  const error = add.error ?? remove.error
  const columns: TableColumnsType<Document> = [
    {
      title: t('document.name'),
      render: (_, d) => (
        <Button type="link" size="small" icon={<DownloadOutlined aria-hidden />} href={`/api/documents/${d.id}`} data-testid={`document-${d.name}`}>
          {d.name}
        </Button>
      ),
    },
    {
      title: t('document.size'), align: 'right',
      render: (_, d) => <span className="figure">{t('unit.kilobyte', { count: integer(Math.ceil(d.size / 1024)) as never })}</span>,
    },
    { title: t('document.addedBy'), dataIndex: 'addedBy' },
    { title: t('document.addedAt'), render: (_, d) => dateTime(d.addedAt) },
    {
      title: t('document.sha256'),
      render: (_, d) => (
        <Typography.Text code copyable={{ text: d.sha256 }}>
          {d.sha256.slice(0, 12)}
        </Typography.Text>
      ),
    },
    ...(mayChange
      ? [{
          title: t('list.actions'),
          render: (_: unknown, d: Document) => (
            <Popconfirm
              title={t('document.removeSure')}
              okText={t('action.remove')}
              okButtonProps={{ danger: true, 'data-testid': 'document-remove-confirm' }}
              onConfirm={() => remove.mutate(d.id)}
            >
              <Button size="small" danger icon={<DeleteOutlined aria-hidden />} data-testid={`document-remove-${d.name}`}>
                {t('action.remove')}
              </Button>
            </Popconfirm>
          ),
        }]
      : []),
  ]
  return (
    <div data-testid="documents">
      {error && (
        <Alert
          type="error"
          showIcon
          role="alert"
          style={{ marginBottom: 16 }}
          title={refusalText(t, error)}
          data-testid="document-problem"
        />
      )}
      {mayChange && (
        <Space wrap style={{ marginBottom: 16 }}>
          <Upload
            showUploadList={false}
            beforeUpload={(file) => {
              add.mutate(file)
              return Upload.LIST_IGNORE
            }}
          >
            <Button icon={<UploadOutlined aria-hidden />} loading={add.isPending} data-testid="document-add">
              {t('document.add')}
            </Button>
          </Upload>
          <Typography.Text type="secondary">{t('document.kinds')}</Typography.Text>
        </Space>
      )}
      <DataTable<Document>
        label={label}
        size="small"
        rowKey="id"
        columns={columns}
        dataSource={documents}
      />
    </div>
  )
}
