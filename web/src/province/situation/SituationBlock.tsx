import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Collapse, Typography } from 'antd'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import type { Customer } from '../customer/customers'
import { situationsQuery, type Situation } from './situations'

const SituationForm = lazy(() => import('./SituationForm'))

/** How a customer's business goes, who said so, and how it went before. */
export default function SituationBlock({ customer }: { customer: Customer }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const query = useQuery(situationsQuery(customer.id))
  const [open, setOpen] = useState(false)
  const newest = query.data?.items[0]
  const close = () => setOpen(false)
  return (
    <Block
      name="situation"
      title={t('situation.title')}
      freshness={newest && { source: 'crm', asOf: newest.at }}
      actions={
        may('interaction.write') &&
        customer.mergedInto === null && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="situation-new">
            {t('situation.new')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ items: [first, ...earlier] }) => (
          <>
            {first ? <Note note={first} /> : <p>{t('situation.none')}</p>}
            {earlier.length > 0 && (
              <Collapse
                size="small"
                items={[{
                  key: 'earlier', label: t('situation.earlier', { count: earlier.length }),
                  children: earlier.map((note) => <Note key={note.id} note={note} />),
                }]}
              />
            )}
          </>
        )}
      </Loaded>
      <SideForm title={t('situation.new')} open={open} onClose={close}>
        <Suspense>
          <SituationForm customerId={customer.id} newest={newest} onClose={close} />
        </Suspense>
      </SideForm>
    </Block>
  )
}

function Note({ note }: { note: Situation }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const until = (what: string, day: string) => (day ? t('situation.until', { what, day }) : what)
  // What is not known is not shown.
  const facts: [string, ReactNode][] = [
    [t('situation.sales'), note.sales && t(`situationTrend.${note.sales}`)],
    [t('situation.headcount'), note.headcount && t(`situationTrend.${note.headcount}`)],
    [t('situation.plan'), note.plan && t(`situationPlan.${note.plan}`)],
    [t('situation.carrier'), note.carrier && until(t(`situationCarrier.${note.carrier}`), note.carrierUntil)],
    [t('situation.supplier'), note.supplier && until(note.supplier, note.supplierUntil)],
    [t('situation.budgetMonth'), note.budgetMonth > 0 && t('situation.month', { month: note.budgetMonth })],
  ]
  return (
    <div style={{ overflowWrap: 'anywhere', marginBottom: 12 }} data-testid="situation-note">
      <Typography.Text type="secondary">{t('situation.said', { day: note.ofDay, author: note.author, time: dateTime(note.at) })}</Typography.Text>
      <Facts facts={Object.fromEntries(facts.filter(([, value]) => value))} />
      {note.body && <div style={{ whiteSpace: 'pre-wrap' }}>{note.body}</div>}
    </div>
  )
}
