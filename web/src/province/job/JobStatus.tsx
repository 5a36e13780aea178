import { DownloadOutlined, StopOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, Progress, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { Mark } from '../../table/Mark'
import { isOpen, jobMoods, jobQuery, productOf, resultOf, type Job } from './jobs'

/** How far a job is, and what became of its lines. */
export function JobProgress({ job }: { job: Job }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const counts = Object.entries(job.counts).toSorted(([a], [b]) => a.localeCompare(b))
  return (
    <div role="status" style={{ minWidth: 180 }} data-testid={`job-${job.id}`} data-state={job.state}>
      <Mark mood={jobMoods[job.state]}>{t(`jobState.${job.state}`)}</Mark> {integer(job.done)} / {integer(job.total)}
      {isOpen(job) && <Progress percent={Math.floor((100 * job.done) / job.total)} size="small" aria-label={t('job.progress')} />}
      <div>{counts.map(([outcome, n]) => `${textIfKnown(`jobOutcome.${outcome}`, outcome)} ${integer(n)}`).join(' · ')}</div>
      {job.trouble && <div>{textIfKnown(`problem.${job.trouble}`, job.trouble)}</div>}
    </div>
  )
}

/** Ends a job that runs, and fetches the lines of one that has ended. */
export function JobActions({ job }: { job: Job }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => answer(province.POST('/api/jobs/{id}/cancel', { params: { path: { id: job.id } } })),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['jobs'] })
      void client.invalidateQueries({ queryKey: ['job', job.id] })
    },
  })
  if (isOpen(job)) {
    return (
      <Popconfirm title={t('job.cancelConfirm')} okText={t('job.cancel')} onConfirm={() => cancel.mutate()}>
        <Button size="small" danger icon={<StopOutlined aria-hidden />} loading={cancel.isPending} data-testid={`job-cancel-${job.id}`}>
          {t('job.cancel')}
        </Button>
      </Popconfirm>
    )
  }
  return (
    <Space wrap>
      <Button size="small" icon={<DownloadOutlined aria-hidden />} href={productOf(job)} data-testid={`job-result-${job.id}`}>
        {t('job.result')}
      </Button>
      {(job.counts.refused ?? 0) > 0 && (
        <Button size="small" icon={<DownloadOutlined aria-hidden />} href={resultOf(job.id, true)} data-testid={`job-refused-${job.id}`}>
          {t('job.refused')}
        </Button>
      )}
    </Space>
  )
}

/** A job as it goes on. */
export function FollowedJob({ id }: { id: number }) {
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
