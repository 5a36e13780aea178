import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { industryName } from '../../reference/industries'
import { cityName } from '../../reference/regions'
import { attributesQuery, nameOf } from '../attribute/attributes'
import { filterOf, organisationQuery, type CustomerSieve } from '../customer/customers'

/** In words, what a list is filtered by. */
export function FilterWords({ filter }: { filter: CustomerSieve }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const units = useQuery(organisationQuery).data?.units
  const attributes = useQuery(attributesQuery).data?.items
  const f = filterOf(filter)
  const unit = (id: number) => id > 0 && (units?.find((u) => u.id === id)?.name ?? String(id))
  const flag = (value: string) => value !== '' && t(value === 'true' ? 'value.yes' : 'value.no')
  const attribute = attributes?.find((a) => a.code === f.attribute)
  const named: [string, string | false][] = [
    [t('filter.search'), f.q],
    [t('customer.class'), f.class.join('、')],
    [t('customer.lifecycle'), f.lifecycle.map((value) => t(`lifecycle.${value}`)).join('、')],
    [t('customer.industry'), f.industry.map((code) => industryName(code, language)).join('、')],
    [t('customer.city'), f.city.map(cityName).join('、')],
    [t('filter.unit'), unit(f.unit)],
    [t('customer.manager'), unit(f.manager)],
    [t('customer.national'), flag(f.national)],
    [t('customer.sensitive'), flag(f.sensitive)],
    [attribute ? nameOf(attribute, language) : f.attribute, f.value],
  ]
  const chips = [
    f.mine && t('chip.mine'), f.team && t('chip.team'), f.changed && t('chip.week'), f.due > 0 && t('chip.due', { days: f.due }), f.unassigned && t('chip.unassigned'),
  ]
  const words = [...named.filter(([, value]) => value).map(([name, value]) => `${name}${t('timeline.colon')}${value}`), ...chips].filter(Boolean)
  return <>{words.join('；') || t('approval.everything')}</>
}
