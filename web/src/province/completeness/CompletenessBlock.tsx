import { useQuery } from '@tanstack/react-query'
import { Progress } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { completenessQuery, placeOf } from './completeness'

/** How complete a customer's file is, and where what is missing is filled in. */
export default function CompletenessBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const query = useQuery(completenessQuery(customerId))
  return (
    <Block name="completeness" title={t('completeness.title')}>
      <Loaded query={query}>
        {({ score, items }) => {
          const missing = items.filter((i) => !i.held)
          return (
            <>
              <Progress percent={score} aria-label={t('completeness.title')} status="normal" data-testid="completeness-score" data-score={score} />
              {missing.length > 0 && <p style={{ marginBottom: 4 }}>{t('completeness.missing')}</p>}
              <ul style={{ margin: 0, paddingInlineStart: 20 }}>
                {missing.map(({ fact, weight }) => (
                  <li key={fact}>
                    <a href={`#block-${placeOf(fact)}`} data-testid={`missing-${fact}`}>
                      {t('completeness.worth', { fact: t(`completenessFact.${fact}`), weight })}
                    </a>
                  </li>
                ))}
              </ul>
            </>
          )
        }}
      </Loaded>
    </Block>
  )
}
