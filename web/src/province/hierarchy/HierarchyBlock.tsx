import { useQuery } from '@tanstack/react-query'
import { Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { useAmount } from '../../language/useAmount'
import { Mark } from '../../table/Mark'
import { placeQuery, type Rollup, type Step } from './hierarchy'
import { TreeLevel } from './TreeLevel'
import { useMembers } from './useMembers'

/** Where a customer stands among its parents and subsidiaries, and what all below it add up to. */
export function HierarchyBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const query = useQuery(placeQuery(customerId))
  const freshness = query.data && { source: 'crm' as const, asOf: query.data.asOf }
  return (
    <Block whole name="hierarchy" title={t('hierarchy.title')} freshness={freshness}>
      <Loaded query={query}>
        {(place) => (
          <>
            {place.path.length > 0 && <Path steps={place.path} />}
            <Figures rollup={place.rollup} months={{ first: place.first, last: place.last }} />
            {place.rollup.levels > 1 && (
              <>
                <Typography.Title level={3} style={{ fontSize: 14 }}>
                  {t('hierarchy.below')}
                </Typography.Title>
                <TreeLevel page={customerId} parent={customerId} />
              </>
            )}
          </>
        )}
      </Loaded>
    </Block>
  )
}

function Path({ steps }: { steps: Step[] }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('hierarchy.path')} className="related" data-testid="tree-path">
      {t('hierarchy.path')}
      {t('timeline.colon')}
      {steps.map((step, i) => (
        <span key={i}>
          {i > 0 && ' / '}
          {step.hidden ? t('hierarchy.hiddenStep') : <Link to={`/customers/${step.id}`}>{step.name}</Link>}
        </span>
      ))}
    </nav>
  )
}

function Figures({ rollup: r, months }: { rollup: Rollup; months: { first: string; last: string } }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const amount = useAmount()
  const members = useMembers()
  return (
    <div data-testid="tree-rollup" data-customers={r.customers}>
      <Facts
        facts={{
          [t('hierarchy.customers')]: integer(r.customers),
          [t('hierarchy.levels')]: integer(r.levels),
          [t('hierarchy.members')]: members(r),
          [t('hierarchy.income', months)]: amount(r.incomeFen),
          [t('hierarchy.arrears')]: amount(r.arrearsFen),
        }}
      />
      {r.hidden > 0 && <Mark mood="warning">{t('hierarchy.hidden', { count: integer(r.hidden) })}</Mark>}
    </div>
  )
}
