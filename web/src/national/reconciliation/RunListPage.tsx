import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName, provinceOptions } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { Filters, OneFilter } from '../../table/Filters'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { RunState } from './RunState'
import { partOf, runListParts, runListQuery, type Run } from './runs'
import { StartAll } from './StartAll'
import { StartPart } from './StartPart'
import { StartRun } from './StartRun'

/** The reconciliations of all provinces, or of one. */
export default function RunListPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { language } = useLanguage()
  const { integer } = useFormats()
  const [state, change] = useUrlState(runListParts)
  const query = useQuery(runListQuery(state))
  const columns = useColumns()
  return (
    <>
      <PageHead
        title={state.province ? t('runs.titleOf', { province: provinceName(state.province, language) }) : t('runs.title')}
        note={query.data && t('list.hits', { total: integer(query.data.total) })}
      >
        <Link to="/reconciliations/night">{t('night.title')}</Link>
        <Link to="/reconciliations/submissions" data-testid="submissions">
          {t('submissions.title')}
        </Link>
        {state.province > 0 && (
          <Button icon={<DownloadOutlined aria-hidden />} href={`/api/certificates/${state.province}`}>
            {t('certificate.export')}
          </Button>
        )}
        {may('reconciliation.run') && state.province > 0 && <StartPart province={state.province} />}
        {may('reconciliation.run') && state.province > 0 && <StartRun province={state.province} />}
        {may('reconciliation.run') && state.province === 0 && <StartAll />}
      </PageHead>
      <Card size="small">
        <Filters>
          <OneFilter
            name="province"
            label={t('board.province')}
            value={state.province}
            options={[{ value: 0, label: t('filter.all') }, ...provinceOptions(language)]}
            onChange={(province) => change({ province })}
          />
        </Filters>
        <Loaded query={query}>
          {(page) => (
            <DataTable<Run>
              label={t('runs.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              onRow={(run) => ({ 'data-testid': `run-row-${run.id}`, 'data-state': run.state, 'data-result': run.result }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(): TableColumnsType<Run> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { integer, dateTime } = useFormats()
  const figure = (value: number) => <span className="figure">{integer(value)}</span>
  return [
    { title: t('run.id'), render: (_, r) => <Link to={`/reconciliations/${r.id}`}>{r.id}</Link> },
    { title: t('board.province'), render: (_, r) => provinceName(r.province, language, r.provinceName) },
    { title: t('run.state'), render: (_, r) => <RunState run={r} /> },
    { title: t('run.part'), render: (_, r) => partOf(r, t('run.everything')) },
    { title: t('run.rows'), align: 'right', render: (_, r) => figure(r.rows) },
    { title: t('run.differences'), align: 'right', render: (_, r) => figure(r.differences) },
    { title: t('run.repaired'), align: 'right', render: (_, r) => figure(r.repaired) },
    { title: t('run.started'), render: (_, r) => <span className="figure">{dateTime(r.started)}</span> },
    { title: t('run.ended'), render: (_, r) => <span className="figure">{dateTime(r.ended)}</span> },
    { title: t('run.trigger'), render: (_, r) => t(`runTrigger.${r.trigger}`) },
    { title: t('run.requestedBy'), dataIndex: 'requestedBy' },
  ]
}
