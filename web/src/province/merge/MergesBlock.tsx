import { MergeCellsOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import type { Customer } from '../customer/customers'
import { MergeForm } from './MergeForm'
import { mergesQuery, type Merge } from './merges'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** Which customers turned out to be this one, and the way to merge another or to undo it. */
export function MergesBlock({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [open, setOpen] = useState(false)
  const query = useQuery(mergesQuery(customer.id))
  const close = () => setOpen(false)
  return (
    <Block
      name="merges"
      title={t('merge.title', { count: query.data?.items.length ?? 0 })}
      actions={
        may('customer.merge') &&
        customer.mergedInto === null && (
          <Button icon={<MergeCellsOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="merge-open">
            {t('merge.open')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) => (
          <ul style={{ margin: 0, padding: 0, listStyle: 'none' }}>
            {items.map((m) => (
              <Line key={m.id} merge={m} reread={reread} />
            ))}
          </ul>
        )}
      </Loaded>
      <SideForm title={t('merge.open')} open={open} onClose={close}>
        <MergeForm
          survivor={customer}
          onCancel={close}
          onMerged={() => {
            close()
            reread()
          }}
        />
      </SideForm>
    </Block>
  )
}

function Line({ merge: m, reread }: { merge: Merge; reread: () => void }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { dateTime } = useFormats()
  const { message, modal } = App.useApp()
  const undo = useMutation({
    mutationFn: () => answer(province.POST('/api/merges/{id}/undo', { params: { path: { id: m.id } } })),
    onSuccess: () => {
      void message.success(t('record.saved'))
      reread()
    },
  })
  const moved = { contact: 0, contract: 0, subscription: 0, member: 0, site: 0, interaction: 0, situation: 0, wish: 0, child: 0, ...m.moved }
  return (
    <li className="related" data-testid={`merge-${m.id}`} data-undone={m.undoneAt !== null}>
      <Link to={`/customers/${m.merged.id}`}>{m.merged.name}</Link>{' '}
      <Typography.Text type="secondary">
        {t('merge.line', { merged: m.merged.number, survivor: m.survivor.number })} · {dateTime(m.at)} · {m.actor}
      </Typography.Text>
      <div>{m.reason}</div>
      <Typography.Text type="secondary">
        {t('merge.moved')} {t('merge.movedRows', moved)}
      </Typography.Text>
      {m.undoneAt && <div>{t('merge.undone', { time: dateTime(m.undoneAt), actor: m.undoneBy })}</div>}
      {undo.error && <Alert type="error" showIcon role="alert" title={problemText(t, undo.error)} data-testid="undo-problem" />}
      {!m.undoneAt && may('customer.merge') && (
        <div>
          <Button
            size="small"
            loading={undo.isPending}
            data-testid={`merge-undo-${m.id}`}
            onClick={() =>
              void modal.confirm({
                title: t('merge.undoConfirm', { name: m.merged.name }),
                okText: t('merge.undo'),
                okButtonProps: { 'data-testid': 'merge-undo-confirm' },
                onOk: () => undo.mutate(),
              })
            }
          >
            {t('merge.undo')}
          </Button>
        </div>
      )}
    </li>
  )
}

/** Leads from a merged customer to the one that it turned out to be. */
export function MergedBanner({ customer }: { customer: Customer }) {
  const { t } = useTranslation()
  if (customer.mergedInto === null) return null
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('merge.banner')}
      data-testid="merged-banner"
      description={<Link to={`/customers/${customer.mergedInto}`}>{t('merge.toSurvivor', { number: customer.mergedIntoNumber })}</Link>}
    />
  )
}
