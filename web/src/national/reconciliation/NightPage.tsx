import { FileTextOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, type TableColumnsType } from 'antd'
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
import { FilterItem, Filters } from '../../table/Filters'
import { Mark } from '../../table/Mark'
import { useUrlState } from '../../urlstate/urlState'
import { resultMoods } from '../board/board'
import { Causes } from './Causes'
import { nightParts, nightQuery, runMoods, type Night } from './runs'

type Row = Night['provinces'][number]

/** What a night's reconciliations found, of every province. */
export default function NightPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(nightParts)
  const query = useQuery(nightQuery(state))
  const columns = useColumns()
  const night = query.data
  return (
    <>
      <PageHead
        title={t('night.title')}
        note={
          night &&
          t('night.summary', {
            night: night.night, provinces: integer(night.summary.provinces), open: integer(night.summary.open),
            rows: integer(night.summary.rows), differences: integer(night.summary.differences),
          })
        }
      >
        <Button icon={<FileTextOutlined aria-hidden />} href={`/api/reconciliation-report.xml${state.night ? `?night=${state.night}` : ''}`}>
          {t('night.xml')}
        </Button>
        <Link to="/reconciliations">{t('runs.title')}</Link>
      </PageHead>
      <Card size="small">
        <Filters>
          <FilterItem name="night" label={t('night.date')}>
            <DateInput id="filter-night" value={state.night || night?.night} onChange={(date) => change({ night: date })} />
          </FilterItem>
        </Filters>
        <Loaded query={query}>
          {(report) => (
            <DataTable<Row>
              label={t('night.title')}
              rowKey="province"
              columns={columns}
              dataSource={report.provinces}
              onRow={(p) => ({ 'data-testid': `night-row-${p.province}`, 'data-state': p.state, 'data-result': p.result }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}

function useColumns(): TableColumnsType<Row> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { integer, dateTime } = useFormats()
  const figure = (value: number) => <span className="figure">{integer(value)}</span>
  return [
    { title: t('board.province'), render: (_, p) => provinceName(p.province, language, p.name) },
    {
      title: t('run.state'),
      render: (_, p) => {
        if (p.state === 'none') return <Mark mood="bad">{t('night.none')}</Mark>
        return p.result ? <Mark mood={resultMoods[p.result]}>{t(`runResult.${p.result}`)}</Mark> : <Mark mood={runMoods[p.state]}>{t(`runState.${p.state}`)}</Mark>
      },
    },
    { title: t('run.id'), render: (_, p) => (p.run > 0 ? <Link to={`/reconciliations/${p.run}`}>{p.run}</Link> : t('value.none')) },
    { title: t('run.point'), render: (_, p) => p.point || t('value.none') },
    { title: t('run.rows'), align: 'right', render: (_, p) => figure(p.rows) },
    { title: t('run.differences'), render: (_, p) => <Causes causes={p.causes} /> },
    { title: t('run.repaired'), align: 'right', render: (_, p) => figure(p.repaired) },
    { title: t('run.ended'), render: (_, p) => <span className="figure">{dateTime(p.ended)}</span> },
    {
      title: t('night.certificate'),
      render: (_, p) =>
        p.certificate ? (
          <span title={p.certificate.digest}>
            {p.certificate.sequence} · <span className="document">{p.certificate.digest.slice(0, 12)}</span>
          </span>
        ) : (
          p.reasonCode && textIfKnown(`runReason.${p.reasonCode}`, p.reason)
        ),
    },
  ]
}
