import { useQuery } from '@tanstack/react-query'
import { Card, Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { deputyListParts, deputyListQuery } from './deputies'
import { DeputyTable } from './DeputyTable'
import { NameDeputy } from './NameDeputy'

/** Who of the people in reach is away, and who stands in for them. */
export default function DeputyListPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(deputyListParts)
  const query = useQuery(deputyListQuery({ ...state, own: false }))
  return (
    <>
      <PageHead
        title={t('deputies.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        <Segmented
          aria-label={t('deputy.state')}
          value={state.state}
          onChange={(value) => change({ state: value })}
          options={(['open', 'over'] as const).map((value) => ({ value, label: t(`deputies.${value}`) }))}
          data-testid="deputy-state"
        />
        <NameDeputy />
      </PageHead>
      <Card size="small">
        <Loaded query={query}>{(page) => <DeputyTable items={page.items} pagination={pagination(state, page.total, change)} />}</Loaded>
      </Card>
    </>
  )
}
