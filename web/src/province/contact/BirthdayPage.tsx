import { useQuery } from '@tanstack/react-query'
import { Card, Segmented, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { choice, useUrlState } from '../../urlstate/urlState'

type Birthday = components['schemas']['ContactBirthdayView']

const parts = { days: choice(['14', '30', '90'], '14') }

/** Whose birthday comes at the customers in one's own care. */
export default function BirthdayPage() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const [state, change] = useUrlState(parts)
  const query = useQuery({
    queryKey: ['birthdays', state.days],
    queryFn: ({ signal }) => answer(province.GET('/api/birthdays', { params: { query: { days: Number(state.days) } }, signal })),
  })
  const columns: TableColumnsType<Birthday> = [
    { title: t('birthday.on'), render: (_, b) => <span className="figure">{b.on}</span> },
    { title: t('contact.name'), dataIndex: 'name' },
    { title: t('contact.title'), render: (_, b) => b.title || t('value.none') },
    { title: t('birthday.age'), render: (_, b) => <span className="figure">{integer(b.age)}</span> },
    { title: t('customer.name'), render: (_, b) => <Link to={`/customers/${b.customerId}`}>{b.customerName}</Link> },
    { title: t('keyPerson.preference'), render: (_, b) => (b.doNotContact ? <Mark mood="bad">{t('contact.doNotContact')}</Mark> : t('value.none')) },
  ]
  return (
    <>
      <PageHead title={t('birthday.title')}>
        <Segmented
          aria-label={t('birthday.within')}
          value={state.days}
          onChange={(days) => change({ days })}
          options={(['14', '30', '90'] as const).map((value) => ({ value, label: t('birthday.days', { days: value }) }))}
          data-testid="birthday-days"
        />
      </PageHead>
      <Card size="small">
        <Loaded query={query}>
          {(list) => (
            <DataTable<Birthday>
              label={t('birthday.title')}
              rowKey="contactId"
              columns={columns}
              dataSource={list.items}
              onRow={(b) => ({ 'data-testid': `birthday-row-${b.contactId}` }) as object}
            />
          )}
        </Loaded>
      </Card>
    </>
  )
}
