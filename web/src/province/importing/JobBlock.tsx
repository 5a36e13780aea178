import { useQuery } from '@tanstack/react-query'
import { Button, Space, type TableColumnsType } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { components } from '../../api/province.gen'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { DataTable } from '../../table/DataTable'
import { isOpen, type Job } from '../job/jobs'
import { JobActions, JobProgress } from '../job/JobStatus'
import { reasonsQuery } from './imports'

type Line = components['schemas']['JobLineView']

const size = 20

/** A job of an import: how far it is, the lines that have a reason, and what can be done next. */
export function JobBlock({ name, title, job, children }: { name: string; title: string; job: Job; children?: ReactNode }) {
  return (
    <Block whole name={`import-${name}`} title={title}>
      <JobProgress job={job} />
      <Space wrap style={{ marginBlock: 12 }}>
        <JobActions job={job} />
        {!isOpen(job) && children}
      </Space>
      {!isOpen(job) && <Reasons job={job} />}
    </Block>
  )
}

/** The lines that were refused or that have a warning. */
function Reasons({ job }: { job: Job }) {
  const { t } = useTranslation()
  const [starts, setStarts] = useState([0]) // the number before each page's first line
  const query = useQuery(reasonsQuery(job, starts.at(-1) ?? 0, size))
  const columns: TableColumnsType<Line> = [
    { title: t('imports.line'), dataIndex: 'number' },
    { title: t('imports.outcome'), dataIndex: 'outcome' },
    { title: t('imports.reason'), render: (_, l) => <div style={{ minWidth: 160, maxWidth: 360, whiteSpace: 'normal' }}>{l.reason}</div> },
    { title: t('imports.cells'), render: (_, l) => <div style={{ minWidth: 200, maxWidth: 560, whiteSpace: 'normal' }}>{l.cells.filter(Boolean).join(' · ')}</div> },
  ]
  return (
    <Loaded query={query}>
      {(page) =>
        page.items.length === 0 && starts.length === 1 ? null : (
          <>
            <DataTable<Line> label={t('imports.reasons')} rowKey="number" columns={columns} dataSource={page.items} size="small" />
            <Space style={{ marginTop: 8 }}>
              <Button size="small" disabled={starts.length === 1} onClick={() => setStarts(starts.slice(0, -1))}>
                {t('imports.previous')}
              </Button>
              <Button size="small" disabled={page.items.length < size} onClick={() => setStarts([...starts, page.items.at(-1)?.number ?? 0])}>
                {t('imports.next')}
              </Button>
            </Space>
          </>
        )
      }
    </Loaded>
  )
}
