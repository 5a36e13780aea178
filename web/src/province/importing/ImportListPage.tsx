import { useQuery } from '@tanstack/react-query'
import { Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { JobProgress } from '../job/JobStatus'
import { importListParts, importListQuery, stepOf, type Import } from './imports'
import { UploadButton } from './UploadButton'

/** Files with customers: one's own, everybody's for administrators. */
export default function ImportListPage() {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(importListParts)
  const query = useQuery(importListQuery(state))
  const columns: TableColumnsType<Import> = [
    { title: t('imports.file'), render: (_, i) => <Link to={`/imports/${i.id}`} style={{ overflowWrap: 'anywhere' }}>{i.fileName}</Link> },
    { title: t('imports.lines'), render: (_, i) => <span className="figure">{integer(i.total)}</span> },
    {
      title: t('imports.step'),
      render: (_, i) => {
        const job = i.revert ?? i.run
        return (
          <>
            {i.revert ? t('imports.revert') : t(`importStep.${stepOf(i)}`)}
            {job && <JobProgress job={job} />}
          </>
        )
      },
    },
    { title: t('job.owner'), dataIndex: 'owner' },
    { title: t('imports.uploadedAt'), render: (_, i) => <span className="figure">{dateTime(i.createdAt)}</span> },
  ]
  return (
    <>
      <PageHead
        title={t('imports.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        <UploadButton />
      </PageHead>
      <Card size="small">
        <Typography.Paragraph>{t('imports.help')}</Typography.Paragraph>
        <Loaded query={query}>
          {(page) => (
            <DataTable<Import>
              label={t('imports.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              pagination={pagination(state, page.total, change)}
              onRow={(i) => ({ 'data-testid': `import-row-${i.id}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}
