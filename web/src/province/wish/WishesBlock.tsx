import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Typography } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import type { Customer } from '../customer/customers'
import { wishesQuery, type Wish } from './wishes'
import { WishState } from './WishState'

const WishForm = lazy(() => import('./WishForm'))

/** What a customer wishes for, and what it was answered. */
export default function WishesBlock({ customer, inCharge }: { customer: Customer; inCharge: boolean }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const query = useQuery(wishesQuery(customer.id))
  const [edited, setEdited] = useState<Wish | 'new'>()
  const write = may('interaction.write') && customer.mergedInto === null
  const close = () => setEdited(undefined)
  const newest = query.data?.items.map((w) => w.answeredAt ?? w.at).reduce((a, b) => (a > b ? a : b), '')
  return (
    <Block
      name="wishes"
      title={t('wish.title')}
      freshness={newest ? { source: 'crm', asOf: newest } : undefined}
      actions={
        write && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="wish-new">
            {t('wish.new')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{t('wish.none')}</p>
          ) : (
            <ul style={{ margin: 0, paddingInlineStart: 20 }}>
              {items.map((wish) => (
                <WishRow key={wish.id} wish={wish} onEdit={write && (inCharge || wish.status === 'open') ? setEdited : undefined} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <SideForm title={t(edited === 'new' ? 'wish.new' : 'wish.edit')} open={edited !== undefined} onClose={close}>
        <Suspense>
          <WishForm customerId={customer.id} wish={edited === 'new' ? undefined : edited} inCharge={inCharge} onClose={close} />
        </Suspense>
      </SideForm>
    </Block>
  )
}

function WishRow({ wish, onEdit }: { wish: Wish; onEdit?: (wish: Wish) => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <li style={{ overflowWrap: 'anywhere', marginBottom: 8 }} data-testid={`wish-${wish.id}`}>
      <strong>{t(`wishKind.${wish.kind}`)}</strong>
      {t('timeline.colon')}
      <span style={{ whiteSpace: 'pre-wrap' }}>{wish.body}</span>{' '}
      <WishState wish={wish} />
      {onEdit && (
        <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => onEdit(wish)} data-testid={`wish-edit-${wish.id}`}>
          {t('action.edit')}
        </Button>
      )}
      <div>
        <Typography.Text type="secondary">
          {dateTime(wish.at)} · {wish.author}
        </Typography.Text>
      </div>
      {wish.answeredAt !== null && (
        <div>
          {wish.answer}{' '}
          <Typography.Text type="secondary">
            {dateTime(wish.answeredAt)} · {wish.answeredBy}
          </Typography.Text>
        </div>
      )}
    </li>
  )
}
