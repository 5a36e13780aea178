import { useQuery } from '@tanstack/react-query'
import { Alert, Progress } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { industryName } from '../../reference/industries'
import { cityName } from '../../reference/regions'
import { percentOf, policyQuery, type Policy } from './policies'
import { PolicyActions } from './PolicyActions'
import { PolicyState } from './PolicyState'
import { TrialBlock } from './TrialBlock'

/** One version of the selection policy: its rule, its dry run, and how far it has been carried out. */
export default function PolicyPage() {
  const { version = '' } = useParams()
  if (!/^[1-9]\d{0,8}$/.test(version)) return <UnknownPage />
  return <PolicyOf version={Number(version)} />
}

function PolicyOf({ version }: { version: number }) {
  const query = useQuery(policyQuery(version))
  return <Loaded query={query}>{(policy) => <Blocks policy={policy} />}</Loaded>
}

function Blocks({ policy }: { policy: Policy }) {
  const { t } = useTranslation()
  return (
    <div data-testid="policy" data-state={policy.state}>
      <PageHead title={t('policy.title', { version: policy.version })} note={<PolicyState policy={policy} />}>
        <Link to="/selection">{t('policies.title')}</Link>
        <PolicyActions policy={policy} />
      </PageHead>
      <div className="stack">
        <RuleBlock policy={policy} />
        {policy.rollout && <RolloutBlock policy={policy} />}
        {policy.trial && <TrialBlock trial={policy.trial} />}
      </div>
    </div>
  )
}

function RuleBlock({ policy }: { policy: Policy }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  const { rule } = policy
  const list = (names: string[]) => names.join(language === 'zh' ? '、' : ', ') || t('value.none')
  const facts = {
    [t('policy.classes')]: list(rule.classes),
    [t('policy.crossProvince')]: t(rule.crossProvince ? 'value.yes' : 'value.no'),
    [t('policy.industries')]: list(rule.industries.map((code) => `${code} ${industryName(code, language)}`)),
    [t('policy.cities')]: list(rule.cities.map(cityName)),
    [t('policy.named')]: list(rule.named),
    [t('policy.excluded')]: list(rule.excluded),
    [t('policy.origin')]: policy.nationalNumber ? t('policy.nationalNumber', { number: policy.nationalNumber }) : t(`policyOrigin.${policy.origin}`),
    [t('policy.effectiveAt')]: policy.effectiveAt ? dateTime(policy.effectiveAt) : t('policy.atOnce'),
    [t('policy.author')]: policy.author || t('value.none'),
    [t('policy.approver')]: policy.approver || t('value.none'),
    [t('policy.approvedAt')]: dateTime(policy.approvedAt),
    [t('policy.note')]: policy.note || t('value.none'),
  }
  return (
    <Block name="policy-rule" title={t('policy.rule')}>
      <Facts facts={facts} />
    </Block>
  )
}

function RolloutBlock({ policy }: { policy: Policy }) {
  const { t } = useTranslation()
  const { integer, dateTime } = useFormats()
  const { rollout } = policy
  if (!rollout) return null
  const facts = {
    [t('policy.judged')]: <span data-testid="policy-judged">{integer(rollout.judged)}</span>,
    [t('policy.total')]: integer(rollout.total),
    [t('policy.entered')]: integer(rollout.entered),
    [t('policy.left')]: integer(rollout.left),
    [t('policy.passes')]: integer(rollout.passes),
    [t('policy.startedAt')]: dateTime(rollout.startedAt),
    [t('policy.finishedAt')]: dateTime(rollout.finishedAt),
  }
  return (
    <Block name="policy-rollout" title={t(policy.state === 'returning' ? 'policy.returning' : 'policy.rollout')}>
      <Progress percent={percentOf(policy)} aria-label={t('policy.rollout')} />
      {rollout.trouble && <Alert type="warning" showIcon title={t('policy.trouble')} description={rollout.trouble} style={{ marginBottom: 16 }} />}
      <Facts facts={facts} />
    </Block>
  )
}
