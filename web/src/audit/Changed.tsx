import { useTranslation } from 'react-i18next'
import { textIfKnown } from '../language/language'
import { useLanguage } from '../language/LanguageProvider'
import { industryName } from '../reference/industries'
import { cityName } from '../reference/regions'
import type { ChangedField } from './changedFields'

/** The fields whose values are codes with a text each. */
const families: Record<string, string> = {
  'customer.lifecycle': 'lifecycle',
  'customer.licenceType': 'licenceType',
  'customer.organisationType': 'organisationType',
  'contact.role': 'contactRole',
  'contact.field': 'contact',
  'contact.decisionRole': 'decisionRole',
  'contact.influence': 'influence',
  'contact.attitude': 'attitude',
  'contact.channel': 'channel',
  'contract.status': 'contractStatus',
  'interaction.channel': 'interactionChannel',
  'site.kind': 'siteKind',
  'situation.carrier': 'situationCarrier',
  'situation.headcount': 'situationTrend',
  'situation.plan': 'situationPlan',
  'situation.sales': 'situationTrend',
  'stage.stage': 'lifecycle',
  'subscription.status': 'subscriptionStatus',
  'wish.kind': 'wishKind',
  'wish.status': 'wishStatus',
}

/** A field of a line of the trail, in words: what it was and what it is. */
export function Changed({ kind, field }: { kind: string; field: ChangedField }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const name = `${kind}.${field.name}`
  const show = (value: string) => {
    if (value === '') return t('value.none')
    if (value === 'true' || value === 'false') return t(value === 'true' ? 'value.yes' : 'value.no')
    if (name === 'customer.industry') return industryName(value, language)
    if (name === 'customer.city' || name === 'site.city') return cityName(value)
    return textIfKnown(`${families[name]}.${value}`, value)
  }
  return (
    <div style={{ overflowWrap: 'anywhere' }}>
      {textIfKnown(name.replace(/Fen$|Id$/, ''), field.name)}
      {t('timeline.colon')}
      {field.before !== undefined && <del>{show(field.before)}</del>}
      {field.before !== undefined && field.after !== undefined && ' → '}
      {field.after !== undefined && <ins style={{ textDecoration: 'none' }}>{show(field.after)}</ins>}
    </div>
  )
}
