import { useQuery } from '@tanstack/react-query'
import { Timeline, Typography, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { textIfKnown } from '../../language/language'
import { useLanguage } from '../../language/LanguageProvider'
import { industryName } from '../../reference/industries'
import { cityName } from '../../reference/regions'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { explanationQuery, type Explanation } from '../selection/policies'

/** Why the customer goes up to headquarters or not, since when, and what would change it. */
export function SelectionBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const query = useQuery(explanationQuery(customerId))
  return (
    <Block name="selection" title={t('selection.title')}>
      <Loaded query={query}>{(explanation) => <Explained explanation={explanation} />}</Loaded>
    </Block>
  )
}

function Explained({ explanation: e }: { explanation: Explanation }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const clause = (name: string) => textIfKnown(`selectionClause.${name}`, name)
  return (
    <>
      <p data-testid="selection" data-national={e.national}>
        <Mark mood={e.national ? 'good' : 'neutral'}>{t(e.national ? 'selection.national' : 'selection.local')}</Mark>{' '}
        {t('selection.since', { time: dateTime(e.since) })}
        {e.by && ` · ${t('selection.by', { version: e.by.version, clause: clause(e.by.clause), reason: t(`selectionReason.${e.by.reason}`) })}`}
      </p>
      {e.would !== e.national && <p>{t('selection.pending', { version: e.version })}</p>}
      <p>{t('selection.judge', { version: e.version, clause: clause(e.clause), change: textIfKnown(`selectionChange.${e.clause}`, '') })}</p>
      <Findings explanation={e} />
      {e.flips.length > 0 && (
        <Timeline
          style={{ marginTop: 16 }}
          items={e.flips.map((f) => ({
            content: (
              <>
                <div>{t(f.entered ? 'trial.enters' : 'trial.leaves')}</div>
                <Typography.Text type="secondary">
                  {dateTime(f.at)} · {t('selection.by', { version: f.version, clause: clause(f.clause), reason: t(`selectionReason.${f.reason}`) })}
                </Typography.Text>
              </>
            ),
          }))}
        />
      )}
    </>
  )
}

type Finding = Explanation['findings'][number]

function Findings({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const show = ({ clause }: Finding, value: string) => {
    if (value === 'true' || value === 'false') return t(value === 'true' ? 'value.yes' : 'value.no')
    if (clause === 'industry') return industryName(value, language)
    return clause === 'city' ? cityName(value) : value
  }
  const columns: TableColumnsType<Finding> = [
    { title: t('trial.clause'), render: (_, f) => t(`selectionClause.${f.clause}`) },
    { title: t('selection.value'), render: (_, f) => show(f, f.value) || t('value.none') },
    { title: t('selection.wanted'), render: (_, f) => f.wanted.map((w) => show(f, w)).join(language === 'zh' ? '、' : ', ') || t('value.none') },
    { title: t('selection.holds'), render: (_, f) => t(f.holds ? 'value.yes' : 'value.no') },
  ]
  return <DataTable<Finding> label={t('selection.clauses')} size="small" rowKey="clause" columns={columns} dataSource={explanation.findings} />
}
