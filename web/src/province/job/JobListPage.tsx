import { useQuery } from '@tanstack/react-query'
import { Card, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { DataTable } from '../../table/DataTable'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { jobListParts, jobListQuery, type Job } from './jobs'
import { JobActions, JobProgress } from './JobStatus'

/** What runs longer than a request, and what became of it: one's own, everybody's for administrators. */
export default function JobListPage() {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const [state, change] = useUrlState(jobListParts)
  const query = useQuery(jobListQuery(state))
  const columns: TableColumnsType<Job> = [
    {
      title: t('job.kind'),
      render: (_, j) => {
        const kind = textIfKnown(`jobKind.${j.kind}`, j.kind)
        return j.customerId > 0 ? <Link to={`/customers/${j.customerId}`}>{kind}</Link> : kind
      },
    },
    { title: t('job.state'), render: (_, j) => <JobProgress job={j} /> },
    { title: t('job.owner'), dataIndex: 'owner' },
    { title: t('job.createdAt'), render: (_, j) => <span className="figure">{dateTime(j.createdAt)}</span> },
    { title: t('job.finishedAt'), render: (_, j) => <span className="figure">{j.finishedAt ? dateTime(j.finishedAt) : t('value.none')}</span> },
    { title: t('job.keptUntil'), render: (_, j) => <span className="figure">{j.keptUntil ? dateTime(j.keptUntil) : t('value.none')}</span> },
    { title: t('list.actions'), render: (_, j) => <JobActions job={j} /> },
  ]
  return (
    <>
      <PageHead
        title={t('jobs.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      />
      <Card size="small">
        <Loaded query={query}>
          {(page) => (
            <DataTable<Job>
              label={t('jobs.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              pagination={pagination(state, page.total, change)}
              onRow={(j) => ({ 'data-testid': `job-row-${j.id}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}
