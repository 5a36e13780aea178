import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, Steps } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { Block } from '../../frame/Block'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { isOpen } from '../job/jobs'
import { importQuery, stepOf, type WholeImport } from './imports'
import { JobBlock } from './JobBlock'
import { SettingsForm } from './SettingsForm'

const steps = ['set', 'try', 'run', 'result'] as const

/** One file with customers, step by step. */
export default function ImportPage() {
  const { id = '' } = useParams()
  if (!/^[1-9]\d{0,14}$/.test(id)) return <UnknownPage />
  return <ImportOf id={Number(id)} />
}

function ImportOf({ id }: { id: number }) {
  const query = useQuery(importQuery(id))
  return <Loaded query={query}>{(made) => <Parts made={made} />}</Loaded>
}

function Parts({ made }: { made: WholeImport }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const step = stepOf(made)
  return (
    <div data-testid="import" data-step={step}>
      <PageHead title={made.fileName} note={t('imports.about', { lines: integer(made.total), encoding: t(`importEncoding.${made.encoding}`) })}>
        <Link to="/imports">{t('imports.title')}</Link>
      </PageHead>
      <div className="stack">
        <Steps size="small" current={steps.indexOf(step)} items={steps.map((name) => ({ title: t(`importStep.${name}`) }))} style={{ paddingBlock: 8 }} />
        {made.revert && <JobBlock name="revert" title={t('imports.revert')} job={made.revert} />}
        {made.run && (
          <JobBlock name="run" title={t('importStep.run')} job={made.run}>
            {!(made.revert && isOpen(made.revert)) && (
              <Act id={made.id} step="revert" danger confirm={t('imports.revertConfirm', { until: dateTime(made.keptUntil) })} label={t('imports.revert')} />
            )}
          </JobBlock>
        )}
        {made.try && !made.run && (
          <JobBlock name="try" title={t('importStep.try')} job={made.try}>
            {made.own && made.try.state === 'done' && <Act id={made.id} step="run" confirm={t('imports.runConfirm')} label={t('imports.run')} />}
          </JobBlock>
        )}
        {made.own && !made.run && !(made.try && isOpen(made.try)) && (
          <Block whole name="import-set" title={t('importStep.set')}>
            <SettingsForm made={made} />
          </Block>
        )}
      </div>
    </div>
  )
}

/** Starts the job of a step. */
function Act({ id, step, label, confirm, danger }: { id: number; step: 'run' | 'revert'; label: string; confirm: string; danger?: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const start = useMutation({
    mutationFn: () => answer(province.POST(`/api/imports/{id}/${step}`, { params: { path: { id } } })),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['imports'] }),
  })
  return (
    <Popconfirm title={confirm} okText={label} onConfirm={() => start.mutate()} okButtonProps={{ 'data-testid': 'import-confirm' }} styles={{ root: { maxWidth: 360 } }}>
      <Button size="small" type={danger ? 'default' : 'primary'} danger={danger} loading={start.isPending} data-testid={`import-${step}`}>
        {label}
      </Button>
    </Popconfirm>
  )
}
