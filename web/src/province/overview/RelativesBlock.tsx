import { Empty, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import type { components } from '../../api/province.gen'
import { Block } from '../../frame/Block'
import type { Overview } from './overview'

type Named = components['schemas']['OverviewNamedView']

/** The customer's place among others: the parent and the children that this user may see. */
export function RelativesBlock({ overview }: { overview: Overview }) {
  const { t } = useTranslation()
  const { parent, children } = overview
  return (
    <Block name="relatives" title={t('overview.relatives')} freshness={overview.sources.relatives}>
      {!parent && children.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      {parent && (
        <>
          <Typography.Text type="secondary">{t('customer.parent')}</Typography.Text>
          <Related customer={parent} />
        </>
      )}
      {children.length > 0 && (
        <>
          <Typography.Text type="secondary">{t('overview.children', { count: children.length })}</Typography.Text>
          <ul style={{ margin: 0, padding: 0, listStyle: 'none', maxHeight: 320, overflowY: 'auto' }}>
            {children.map((child) => (
              <li key={child.id}>
                <Related customer={child} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Block>
  )
}

function Related({ customer }: { customer: Named }) {
  return (
    <div className="related">
      <Link to={`/customers/${customer.id}`}>{customer.name}</Link> <Tag>{customer.class}</Tag>
      <Typography.Text type="secondary">{customer.number}</Typography.Text>
    </div>
  )
}
