import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { DataTable } from '../../table/DataTable'
import { Mark, type Mood } from '../../table/Mark'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import type { Contact } from '../contact/contacts'
import { SiteForm } from './SiteForm'
import { siteListParts, sitesQuery, type Site } from './sites'

const moods: Record<Site['status'], Mood> = { planned: 'waiting', open: 'good', closed: 'neutral' }

/** Where a customer is. */
export function SitesBlock({ customerId, contacts }: { customerId: number; contacts: Contact[] }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [state, change] = useUrlState(siteListParts)
  const [edited, setEdited] = useState<Site | 'new'>()
  const query = useQuery(sitesQuery(customerId, state))
  const mayChange = may('customer.change')
  const close = () => setEdited(undefined)
  const columns: TableColumnsType<Site> = [
    { title: t('site.name'), dataIndex: 'name' },
    { title: t('site.kind'), render: (_, s) => t(`siteKind.${s.kind}`) },
    { title: t('site.address'), render: (_, s) => [s.cityName, s.district, s.street].filter(Boolean).join(' ') },
    { title: t('site.contact'), render: (_, s) => s.contactName || t('value.none') },
    { title: t('site.status'), render: (_, s) => <Mark mood={moods[s.status]}>{t(`siteStatus.${s.status}`)}</Mark> },
    { title: t('site.openedOn'), render: (_, s) => s.openedOn || t('value.none') },
    { title: t('site.closedOn'), render: (_, s) => s.closedOn || t('value.none') },
    ...(mayChange
      ? [{
          title: t('list.actions'),
          render: (_: unknown, s: Site) => (
            <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setEdited(s)} data-testid={`site-edit-${s.id}`}>
              {t('action.edit')}
            </Button>
          ),
        }]
      : []),
  ]
  return (
    <Block
      whole
      name="sites"
      title={t('sites.title')}
      actions={
        mayChange && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="site-new">
            {t('site.new')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(page) => (
          <DataTable<Site>
            label={t('sites.title')}
            rowKey="id"
            columns={columns}
            dataSource={page.items}
            loading={query.isPlaceholderData}
            pagination={pagination({ page: state.sitePage, size: state.siteSize }, page.total, (to) =>
              change({ sitePage: to.page ?? state.sitePage, siteSize: to.size ?? state.siteSize }))}
          />
        )}
      </Loaded>
      <SideForm title={t(edited === 'new' ? 'site.new' : 'site.edit')} open={edited !== undefined} onClose={close}>
        <SiteForm customerId={customerId} contacts={contacts} site={edited === 'new' ? undefined : edited} onClose={close} />
      </SideForm>
    </Block>
  )
}
