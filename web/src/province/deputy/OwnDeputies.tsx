import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { deputyListQuery } from './deputies'
import { DeputyTable } from './DeputyTable'
import { NameDeputy } from './NameDeputy'

/** Who stands in for oneself, and for whom one stands in, on the page of one's own account. */
export default function OwnDeputies() {
  const { t } = useTranslation()
  const query = useQuery(deputyListQuery({ state: 'open', own: true, page: 1, size: 200 }))
  return (
    <Block name="own-deputies" title={t('deputies.own')} actions={<NameDeputy />}>
      <Loaded query={query}>{({ items }) => (items.length === 0 ? <p>{t('deputies.none')}</p> : <DeputyTable items={items} pagination={false} />)}</Loaded>
    </Block>
  )
}
