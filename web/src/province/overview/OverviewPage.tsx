import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { SessionContext, useSession, type Permission } from '../../api/session'
import { AttributesBlock } from '../attribute/AttributesBlock'
import { BillsBlock } from '../../customer/BillsBlock'
import { SubscriptionsBlock } from '../../customer/SubscriptionsBlock'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { ContactsBlock } from '../contact/ContactsBlock'
import { KeyPersonBlock } from '../contact/KeyPersonBlock'
import { NamesBlock } from '../customer/NamesBlock'
import { ViewersBlock } from '../customer/ViewersBlock'
import { WhyButton } from '../customer/WhyButton'
import { ContractsBlock } from '../contract/ContractsBlock'
import { ResponsibilityBlock } from '../handover/ResponsibilityBlock'
import { HierarchyBlock } from '../hierarchy/HierarchyBlock'
import { MembersBlock } from '../member/MembersBlock'
import { MergedBanner, MergesBlock } from '../merge/MergesBlock'
import { ReturnButton } from '../pool/ReturnButton'
import { SitesBlock } from '../site/SitesBlock'
import { ValueBlock } from '../value/ValueBlock'
import { CustomerBlock } from './CustomerBlock'
import { ClassHistoryBlock } from './ClassHistoryBlock'
import { overviewQuery, useReread, type Overview } from './overview'
import { SelectionBlock } from './SelectionBlock'

const CompletenessBlock = lazy(() => import('../completeness/CompletenessBlock'))
const ProposalNotice = lazy(() => import('../rule/ProposalNotice'))
const RostersBlock = lazy(() => import('../roster/RostersBlock'))
const SituationBlock = lazy(() => import('../situation/SituationBlock'))
const StageBlock = lazy(() => import('../rule/StageBlock'))
const TeamBlock = lazy(() => import('../team/TeamBlock'))
const TimelineBlock = lazy(() => import('./TimelineBlock'))
const WishesBlock = lazy(() => import('../wish/WishesBlock'))

/** Everything about a customer (客户360). */
export default function OverviewPage() {
  const { id = '' } = useParams()
  if (!/^\d+$/.test(id)) return <UnknownPage />
  return <OverviewOf key={id} id={Number(id)} />
}

function OverviewOf({ id }: { id: number }) {
  const query = useQuery(overviewQuery(id))
  return (
    <Loaded query={query}>
      {(overview) =>
        overview.inCharge ? (
          <Blocks overview={overview} />
        ) : (
          <Serving>
            <Blocks overview={overview} />
          </Serving>
        )
      }
    </Loaded>
  )
}

/** What is decided about a customer by those who are in charge of it. */
const decisions: string[] = [
  'customer.change', 'customer.classify', 'customer.assign', 'customer.claim', 'customer.credit', 'customer.merge',
  'contract.change', 'member.write', 'roster.manage', 'team.name',
] satisfies Permission[]

/** What is inside offers what a member of the customer's team may do; the node sees to it. */
function Serving({ children }: { children: ReactNode }) {
  const { session } = useSession()
  const serving = useMemo(() => ({ ...session, permissions: session.permissions.filter((permission) => !decisions.includes(permission)) }), [session])
  return <SessionContext value={serving}>{children}</SessionContext>
}

function Blocks({ overview }: { overview: Overview }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { customer, sources } = overview
  const reread = useReread(customer.id)
  return (
    <div data-testid="overview" data-version={customer.version}>
      <PageHead title={customer.name} note={t('customer.numbered', { number: customer.number })}>
        <ReturnButton customer={customer} reread={reread} />
        <WhyButton customerId={customer.id} />
      </PageHead>
      <MergedBanner customer={customer} />
      <Suspense>
        <ProposalNotice customer={customer} reread={reread} />
      </Suspense>
      <div className="blocks">
        <CustomerBlock overview={overview} />
        <Suspense>
          <CompletenessBlock customerId={customer.id} />
        </Suspense>
        <Suspense>
          <StageBlock customer={customer} reread={reread} />
        </Suspense>
        <HierarchyBlock customerId={customer.id} />
        <ContactsBlock customerId={customer.id} contacts={overview.contacts} freshness={sources.contacts} />
        <KeyPersonBlock contacts={overview.contacts} freshness={sources.contacts} />
        <Suspense>
          <SituationBlock customer={customer} />
        </Suspense>
        <Suspense>
          <WishesBlock customer={customer} inCharge={overview.inCharge} />
        </Suspense>
        <ContractsBlock customerId={customer.id} contracts={overview.contracts} freshness={sources.contracts} />
        <SubscriptionsBlock subscriptions={overview.subscriptions} freshness={sources.subscriptions} />
        <BillsBlock bills={overview.bills} freshness={sources.bills} />
        <MembersBlock customerId={customer.id} />
        <AttributesBlock customerId={customer.id} />
        <SitesBlock customerId={customer.id} contacts={overview.contacts} />
        <NamesBlock customer={customer} reread={reread} />
        {customer.sensitive && customer.mergedInto === null && may('customer.sensitive') && <ViewersBlock customerId={customer.id} reread={reread} />}
        <MergesBlock customer={customer} reread={reread} />
        <SelectionBlock customerId={customer.id} />
        <ResponsibilityBlock customerId={customer.id} />
        <Suspense>
          <TeamBlock customer={customer} reread={reread} />
        </Suspense>
        <ValueBlock customer={customer} reread={reread} />
        <Suspense>
          <RostersBlock customerId={customer.id} reread={reread} />
        </Suspense>
        <ClassHistoryBlock history={overview.classHistory} freshness={sources.history} />
        <Suspense>
          <TimelineBlock overview={overview} />
        </Suspense>
      </div>
    </div>
  )
}
