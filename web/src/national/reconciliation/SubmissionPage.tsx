import { useQuery } from '@tanstack/react-query'
import { Card, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { DateInput } from '../../edit/DateInput'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName } from '../../reference/provinces'
import { DataTable } from '../../table/DataTable'
import { FilterItem, Filters, OneFilter } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { useUrlState } from '../../urlstate/urlState'
import { moodOf, submissionParts, submissionsQuery, type Submission, type Submitting } from './submissions'

/** Which province's data sets were proved to be here, night by night. */
export default function SubmissionPage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(submissionParts)
  const query = useQuery(submissionsQuery(state))
  const columns = useColumns(query.data?.nights ?? [])
  const sets = query.data?.dataSets ?? []
  return (
    <>
      <PageHead title={t('submissions.title')} note={t('submissions.note')}>
        <Link to="/reconciliations">{t('runs.title')}</Link>
      </PageHead>
      <Card size="small">
        <Filters onReset={() => change({ until: '', nights: 14, dataSet: '' })}>
          <OneFilter
            name="dataSet"
            label={t('submissions.dataSet')}
            value={state.dataSet}
            options={[{ value: '', label: t('run.everything') }, ...sets.map((value) => ({ value, label: textIfKnown(`dataSet.${value}`, value) }))]}
            onChange={(dataSet) => change({ dataSet })}
          />
          <FilterItem name="until" label={t('submissions.until')}>
            <DateInput id="filter-until" value={state.until || query.data?.nights[0]} onChange={(until) => change({ until })} />
          </FilterItem>
        </Filters>
        <Loaded query={query}>
          {(board) => (
            <DataTable<Submitting>
              label={t('submissions.title')}
              rowKey="province"
              columns={columns}
              dataSource={board.provinces}
              loading={query.isPlaceholderData}
              onRow={(p) => ({ 'data-testid': `submission-row-${p.province}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(nights: string[]): TableColumnsType<Submitting> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return [
    { title: t('board.province'), fixed: 'left', render: (_, p) => provinceName(p.province, language, p.name) },
    ...nights.map((night) => ({
      title: night.slice(5),
      key: night,
      render: (_: unknown, p: Submitting) => {
        const cell = p.cells.find((c) => c.night === night)
        return cell ? <Cell cell={cell} /> : <Typography.Text type="secondary">{t('submissions.none')}</Typography.Text>
      },
    })),
  ]
}

function Cell({ cell }: { cell: Submission }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  return (
    <div style={{ minWidth: 96 }}>
      <Link to={`/reconciliations/${cell.run}`}>
        <Mark mood={moodOf(cell)}>{t(cell.result ? `runResult.${cell.result}` : `runState.${cell.state}`)}</Mark>
      </Link>
      <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
        {t('submissions.rows', { rows: integer(cell.rows) })}
        {cell.differences > 0 && ` · ${t('submissions.differences', { differences: integer(cell.differences) })}`}
      </Typography.Text>
    </div>
  )
}
