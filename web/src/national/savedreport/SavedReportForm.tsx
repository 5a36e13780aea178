import { useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, InputNumber, Radio, Select, type SelectProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, national } from '../../api/client'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { useLanguage } from '../../language/LanguageProvider'
import { dimensions, measures, type Dimension, type Measure } from '../report/report'
import { frequencies, periods, savedReportsQuery, weekdays, type SavedReport, type Settings } from './savedReports'

interface Facts extends Pick<Settings, 'groupBy' | 'measures' | 'period' | 'language'> {
  name: string
  audience: SavedReport['audience']
  every: Settings['schedule']['every']
  day: number
  at: string
  keepDays: number
}

function factsOf({ name, audience, keepDays, settings: { schedule, groupBy, measures: shown, period, language } }: SavedReport): Facts {
  return { name, audience, keepDays, groupBy, measures: shown, period, language, ...schedule }
}

interface Props {
  /** What is changed; none: the settings are saved under a new name. */
  report?: SavedReport
  /** What is saved besides what the form asks: which customers count. */
  settings: Settings
  onSaved: (report: SavedReport) => void
  onClose: () => void
}

const mostDays = 366

/** Names a report, and says who sees it and when it is made. Which customers count stays as it is. */
export function SavedReportForm({ report, settings, onSaved, onClose }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { message } = App.useApp()
  const client = useQueryClient()
  const fields = useFields()
  return (
    <EditForm<SavedReport, Facts>
      name="saved-report"
      record={report}
      initial={{ ...factsOf({ name: '', audience: 'private', keepDays: 90, settings } as SavedReport), language }}
      factsOf={factsOf}
      fields={fields}
      save={({ name, audience, keepDays, every, day, at, ...asked }, version) => {
        const body = { name, audience, keepDays, settings: { ...settings, ...asked, schedule: { every, day, at } } }
        return report
          ? answer(national.PUT('/api/saved-reports/{id}', { params: { path: { id: report.id } }, body: { ...body, version } }))
          : answer(national.POST('/api/saved-reports', { body }))
      }}
      onSaved={(saved) => {
        void message.success(t('record.saved'))
        void client.invalidateQueries({ queryKey: savedReportsQuery.queryKey })
        onSaved(saved)
      }}
      onCancel={onClose}
    />
  )
}

function useFields(): Field<Facts>[] {
  const { t } = useTranslation()
  const required = { required: true, message: t('problem.input.required') }
  const named = <T extends string>(values: readonly T[], name: (value: T) => string) => values.map((value) => ({ value, label: name(value) }))
  const audiences = named(['private', 'public'] as const, (value) => t(`savedReport.${value}`))
  const languages = named(['zh', 'en'] as const, (value) => t(`savedReport.${value}`))
  return [
    { name: 'name', label: t('savedReport.name'), rules: [{ ...required, whitespace: true }], wide: true, input: <Input maxLength={60} /> },
    { name: 'audience', label: t('savedReport.audience'), input: <Select options={audiences} />, show: (value) => t(`savedReport.${value as 'private'}`) },
    { name: 'period', label: t('savedReport.period'), input: <Select options={named(periods, (value) => t(`period.${value}`))} />, show: (value) => t(`period.${value as 'last_month'}`) },
    {
      name: 'groupBy', label: t('report.groupBy'), rules: [required],
      input: <Select mode="multiple" options={named(dimensions, (value) => t(`dimension.${value}`))} />,
      show: (value) => (value as Dimension[]).map((d) => t(`dimension.${d}`)).join(', '),
    },
    {
      name: 'measures', label: t('savedReport.measures'), rules: [required],
      input: <Select mode="multiple" options={named(measures, (value) => t(`measure.${value}`))} />,
      show: (value) => (value as Measure[]).map((m) => t(`measure.${m}`)).join(', '),
    },
    {
      name: 'every', label: t('savedReport.schedule'),
      input: <Radio.Group optionType="button" options={named(frequencies, (value) => t(`frequency.${value}`))} />,
      show: (value) => t(`frequency.${value as 'never'}`), wide: true,
    },
    { name: 'day', label: t('savedReport.day'), input: <DayInput /> },
    { name: 'at', label: t('savedReport.at'), rules: [required], help: t('savedReport.atHelp'), input: <Input type="time" /> },
    { name: 'keepDays', label: t('savedReport.keepDays'), rules: [required], input: <InputNumber min={1} max={mostDays} precision={0} style={{ width: '100%' }} /> },
    { name: 'language', label: t('savedReport.language'), input: <Select options={languages} />, show: (value) => t(`savedReport.${value as 'zh'}`) },
  ]
}

const lastDay = 28

/** The day of the week or of the month, as the schedule needs it. */
function DayInput(props: SelectProps<number>) {
  const { t } = useTranslation()
  const every = Form.useWatch<Facts['every'] | undefined>('every')
  const days =
    every === 'weekly'
      ? weekdays.map((value) => ({ value: value as number, label: t(`weekday.${value}`) }))
      : Array.from({ length: lastDay }, (_, i) => ({ value: i + 1, label: t('savedReport.dayOfMonth', { day: i + 1 }) }))
  return <Select<number> {...props} options={days} disabled={every !== 'weekly' && every !== 'monthly'} />
}
