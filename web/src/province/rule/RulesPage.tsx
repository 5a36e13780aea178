import { EditOutlined, ExperimentOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Popconfirm, Segmented, Space, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { choice, integer, useUrlState } from '../../urlstate/urlState'
import { RosterSelect } from '../roster/RosterSelect'
import { RuleSetForm, type Draft } from './RuleSetForm'
import { outcomesOf, rulesQuery, subjectOf, subjects, useRereadRules, useRuleWords, wordOf, type Kind, type Rules, type Subject, type Version } from './rules'
import { RunsTable } from './RunsTable'

const parts = { kind: choice(subjects, 'lifecycle'), roster: integer(0), version: integer(0) }

interface State {
  kind: Subject
  /** Whose rules are shown, if they are a roster's; 0: it is yet to be chosen. */
  roster: number
  version: number
}

/** By which rules customers are judged, what the rules would do, and what they did. */
export default function RulesPage() {
  const { t } = useTranslation()
  const [state, change] = useUrlState(parts)
  if (state.kind !== 'roster') return <RulesOf key={state.kind} kind={state.kind} state={state} change={change} />
  if (state.roster > 0) return <RulesOf key={state.roster} kind={`roster-${state.roster}`} state={state} change={change} />
  return (
    <>
      <PageHead title={t('rule.title')}>
        <Chooser state={state} change={change} />
      </PageHead>
      <p>{t('rule.chooseRoster')}</p>
    </>
  )
}

interface ChooserProps {
  state: State
  change: (patch: Partial<State>) => void
}

/** What the rules are about. */
function Chooser({ state, change }: ChooserProps) {
  const { t } = useTranslation()
  return (
    <>
      <Segmented
        aria-label={t('rule.kind')}
        value={state.kind}
        onChange={(kind) => change({ kind, version: 0 })}
        options={subjects.map((value) => ({ value, label: t(`ruleKind.${value}`) }))}
        data-testid="rule-kind"
      />
      {state.kind === 'roster' && (
        <RosterSelect open label={t('roster.one')} value={state.roster} onChange={(roster) => change({ roster, version: 0 })} data-testid="rule-roster" />
      )}
    </>
  )
}

function RulesOf({ kind, ...props }: ChooserProps & { kind: Kind }) {
  const query = useQuery(rulesQuery(kind))
  return <Loaded query={query}>{(rules) => <RuleSet kind={kind} rules={rules} {...props} />}</Loaded>
}

/** What the first version of a roster's rules begins with. */
const nothing: Draft = { lines: [], strategies: {} }

function RuleSet({ kind, rules, state, change }: ChooserProps & { kind: Kind; rules: Rules }) {
  const { t } = useTranslation()
  const [editing, setEditing] = useState(false)
  const { run } = useActs(kind)
  const shown = rules.versions.find((v) => v.version === (state.version || rules.inForce)) ?? rules.versions[0]
  const busy = rules.runs.some((r) => r.state === 'running')
  return (
    <>
      <PageHead title={t('rule.title')} note={rules.inForce ? t('rule.inForceNote', { version: rules.inForce }) : t('rule.noneInForce')}>
        <Chooser state={state} change={change} />
        {rules.inForce > 0 && (
          <Popconfirm title={t(`ruleRunConfirm.${subjectOf(kind)}`)} okText={t('rule.run')} onConfirm={() => run.mutate({ version: rules.inForce, dry: false })}>
            <Button icon={<PlayCircleOutlined aria-hidden />} disabled={busy} data-testid="rule-run">
              {t('rule.run')}
            </Button>
          </Popconfirm>
        )}
        <Button type="primary" icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)} data-testid="rule-edit">
          {t('rule.edit')}
        </Button>
      </PageHead>
      <div className="blocks">
        <Block whole name="rule-versions" title={t('rule.versions')}>
          <VersionsTable kind={kind} rules={rules} busy={busy} onShow={(version) => change({ version })} />
        </Block>
        {shown && <VersionBlock subject={subjectOf(kind)} version={shown} />}
        <Block whole name="rule-runs" title={t('rule.runs')}>
          <RunsTable kind={kind} runs={rules.runs} />
        </Block>
      </div>
      <SideForm title={t('rule.edit')} open={editing} onClose={() => setEditing(false)}>
        <RuleSetForm
          kind={kind}
          begin={shown ?? nothing}
          newest={rules.versions[0]?.version ?? 0}
          onSaved={(version) => {
            setEditing(false)
            change({ version })
          }}
          onCancel={() => setEditing(false)}
        />
      </SideForm>
    </>
  )
}

/** Trying a version, running the one in force, putting one in force. */
function useActs(kind: Kind) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useRereadRules(kind)
  const told = { onSuccess: reread, onError: (error: unknown) => void message.error(problemText(t, error)) }
  const run = useMutation({
    mutationFn: (body: { version: number; dry: boolean }) => answer(province.POST('/api/rules/{kind}/runs', { params: { path: { kind } }, body })),
    ...told,
  })
  const put = useMutation({
    mutationFn: (version: number) => answer(province.POST('/api/rules/{kind}/versions/{version}/put', { params: { path: { kind, version } } })),
    ...told,
  })
  return { run, put }
}

interface VersionsProps {
  kind: Kind
  rules: Rules
  busy: boolean
  onShow: (version: number) => void
}

function VersionsTable({ kind, rules, busy, onShow }: VersionsProps) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const { run, put } = useActs(kind)
  const tried = (v: Version) => rules.runs.some((r) => r.version === v.version && r.dry && r.state === 'done')
  const columns: TableColumnsType<Version> = [
    {
      title: t('rule.version'),
      render: (_, v) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onShow(v.version)} data-testid={`rule-show-${v.version}`}>
          {v.version}
        </Button>
      ),
    },
    {
      title: t('rule.state'),
      render: (_, v) =>
        v.version === rules.inForce ? <Mark mood="good">{t('rule.inForce')}</Mark> : <Mark mood="neutral">{t(v.putAt ? 'rule.earlier' : 'rule.draft')}</Mark>,
    },
    { title: t('rule.author'), render: (_, v) => `${v.author} · ${dateTime(v.createdAt)}` },
    { title: t('rule.put'), render: (_, v) => (v.putAt ? `${v.putBy} · ${dateTime(v.putAt)}` : t('value.none')) },
    {
      title: t('list.actions'),
      render: (_, v) => (
        <Space wrap>
          <Button
            size="small"
            icon={<ExperimentOutlined aria-hidden />}
            disabled={busy}
            onClick={() => run.mutate({ version: v.version, dry: true })}
            data-testid={`rule-try-${v.version}`}
          >
            {t('rule.try')}
          </Button>
          {v.version !== rules.inForce && tried(v) && (
            <Popconfirm title={t('rule.putConfirm', { version: v.version })} okText={t('rule.putInForce')} onConfirm={() => put.mutate(v.version)}>
              <Button size="small" type="primary" loading={put.isPending} data-testid={`rule-put-${v.version}`}>
                {t('rule.putInForce')}
              </Button>
            </Popconfirm>
          )}
        </Space>
      ),
    },
  ]
  return (
    <DataTable<Version>
      label={t('rule.versions')}
      rowKey="version"
      columns={columns}
      dataSource={rules.versions}
      onRow={(v) => ({ 'data-testid': `rule-version-${v.version}`, 'data-current': v.version === rules.inForce }) as object}
    />
  )
}

function VersionBlock({ subject, version }: { subject: Subject; version: Version }) {
  const { t } = useTranslation()
  const words = useRuleWords()
  return (
    <Block whole name="rule-version" title={t('rule.versionTitle', { version: version.version })}>
      {version.lines.length === 0 && <p>{t('rule.noLines')}</p>}
      <ol style={{ margin: 0, paddingInlineStart: 24 }}>
        {version.lines.map((line, i) => (
          <li key={i}>
            <strong>{wordOf(line.outcome)}</strong>
            {t('timeline.colon')}
            {line.conditions.map(words.condition).join(t(line.match === 'all' ? 'rule.and' : 'rule.orElse'))}
          </li>
        ))}
      </ol>
      <p style={{ marginBlock: '12px 4px' }}>{t(`ruleStrategies.${subject}`)}</p>
      <ul style={{ margin: 0, paddingInlineStart: 24 }}>
        {outcomesOf[subject].map((outcome) => (
          <li key={outcome} style={{ overflowWrap: 'anywhere' }}>
            {wordOf(outcome)}
            {t('timeline.colon')}
            {version.strategies[outcome] ?? t('value.none')}
          </li>
        ))}
      </ul>
    </Block>
  )
}
