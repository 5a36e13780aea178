import { ApartmentOutlined, ApiOutlined, AuditOutlined, BookOutlined, BulbOutlined, CalendarOutlined, CheckSquareOutlined, CloudUploadOutlined, DashboardOutlined, FieldTimeOutlined, FileSearchOutlined, GiftOutlined, ImportOutlined, InboxOutlined, PartitionOutlined, PlusOutlined, RiseOutlined, SwapOutlined, TagsOutlined, TeamOutlined, UnorderedListOutlined, UserOutlined, UserSwitchOutlined } from '@ant-design/icons'
import { lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Route, Routes } from 'react-router-dom'
import { useSession } from '../api/session'
import { Frame, type Destination } from '../frame/Frame'
import { UnknownPage } from '../frame/Outcome'
import { lazyPart } from '../language/lazyPart'
import { find } from './find'

const CustomerListPage = lazy(() => import('./customer/CustomerListPage'))
const NewCustomerPage = lazyPart('province', () => import('./customer/NewCustomerPage'))
const OverviewPage = lazyPart('province', () => import('./overview/OverviewPage'))
const BirthdayPage = lazyPart('province', () => import('./contact/BirthdayPage'))
const WishListPage = lazyPart('province', () => import('./wish/WishListPage'))
const ContractDuePage = lazyPart('province', () => import('./contract/DuePage'))
const DashboardPage = lazyPart('province', () => import('./dashboard/DashboardPage'))
const CompletenessPage = lazyPart('province', () => import('./completeness/CompletenessPage'))
const ImportListPage = lazyPart('province', () => import('./importing/ImportListPage'))
const ImportPage = lazyPart('province', () => import('./importing/ImportPage'))
const HandoverListPage = lazyPart('province', () => import('./handover/HandoverListPage'))
const NewHandoverPage = lazyPart('province', () => import('./handover/NewHandoverPage'))
const DeputyListPage = lazyPart('province', () => import('./deputy/DeputyListPage'))
const OwnDeputies = lazyPart('province', () => import('./deputy/OwnDeputies'))
const OwnRights = lazyPart('province', () => import('./rights/OwnRights'))
const PoolPage = lazyPart('province', () => import('./pool/PoolPage'))
const ApprovalListPage = lazyPart('province', () => import('./exporting/ApprovalListPage'))
const JobListPage = lazyPart('province', () => import('./job/JobListPage'))
const JournalPage = lazyPart('province', () => import('./journal/JournalPage'))
const ReferencePage = lazyPart('province', () => import('./reference/ReferencePage'))
const RostersPage = lazyPart('province', () => import('./roster/RostersPage'))
const RosterPage = lazyPart('province', () => import('./roster/RosterPage'))
const RulesPage = lazyPart('province', () => import('./rule/RulesPage'))
const ProposalsPage = lazyPart('province', () => import('./rule/ProposalsPage'))
const ExchangePage = lazyPart('province', () => import('./journal/ExchangePage'))
const PolicyListPage = lazyPart('province', () => import('./selection/PolicyListPage'))
const PolicyPage = lazyPart('province', () => import('./selection/PolicyPage'))
const OrganisationPage = lazyPart('province', () => import('./organisation/OrganisationPage'))
const AttributeListPage = lazyPart('province', () => import('./attribute/AttributeListPage'))
const AccountListPage = lazyPart('province', () => import('../account/AccountListPage'))
const AccountPage = lazyPart('province', () => import('../account/AccountPage'))
const OwnPage = lazyPart('province', () => import('../account/OwnPage'))
const TrailPage = lazyPart('province', () => import('../audit/TrailPage'))

/** The portal of a province. */
export default function Province() {
  const { t } = useTranslation()
  const { may } = useSession()
  const destinations: Destination[] = [
    { path: '/customers', label: t('menu.customers'), icon: <TeamOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/dashboard', label: t('menu.departmentBoard'), icon: <DashboardOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/birthdays', label: t('menu.birthdays'), icon: <GiftOutlined aria-hidden />, permission: 'contact.private' },
    { path: '/contracts', label: t('menu.contractDue'), icon: <CalendarOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/wishes', label: t('menu.wishes'), icon: <BulbOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/completeness', label: t('menu.completeness'), icon: <CheckSquareOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/imports', label: t('menu.imports'), icon: <ImportOutlined aria-hidden />, permission: 'customer.import' },
    { path: '/handovers', label: t('menu.handovers'), icon: <SwapOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/pool', label: t('menu.pool'), icon: <InboxOutlined aria-hidden />, permission: 'customer.claim' },
    { path: '/deputies', label: t('menu.deputies'), icon: <UserSwitchOutlined aria-hidden />, permission: 'deputy.name' },
    { path: '/approvals', label: t('menu.approvals'), icon: <AuditOutlined aria-hidden />, permission: 'customer.export' },
    { path: '/jobs', label: t('menu.jobs'), icon: <FieldTimeOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/reference', label: t('menu.reference'), icon: <BookOutlined aria-hidden />, permission: 'reference.read' },
    { path: '/exchanges', label: t('menu.exchanges'), icon: <ApiOutlined aria-hidden />, permission: 'journal.read' },
    { path: '/selection', label: t('menu.selection'), icon: <CloudUploadOutlined aria-hidden />, permission: 'selection.read' },
    { path: '/rosters', label: t('menu.rosters'), icon: <UnorderedListOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/class-proposals', label: t('menu.classProposals'), icon: <RiseOutlined aria-hidden />, permission: 'customer.classify' },
    { path: '/rules', label: t('menu.rules'), icon: <PartitionOutlined aria-hidden />, permission: 'rule.manage' },
    { path: '/attributes', label: t('menu.attributes'), icon: <TagsOutlined aria-hidden />, permission: 'attribute.manage' },
    { path: '/organisation', label: t('menu.organisation'), icon: <ApartmentOutlined aria-hidden />, permission: 'organisation.edit' },
    { path: '/accounts', label: t('menu.accounts'), icon: <UserOutlined aria-hidden />, permission: 'account.manage' },
    { path: '/audit', label: t('menu.audit'), icon: <FileSearchOutlined aria-hidden />, permission: 'audit.read' },
  ]
  const actions: Destination[] = [{ path: '/customers/new', label: t('customer.new'), icon: <PlusOutlined aria-hidden />, permission: 'customer.create' }]
  return (
    <Frame destinations={destinations} actions={actions} search={{ find, hint: t('search.hint') }}>
      <Routes>
        <Route path="/" element={<Navigate to="/customers" replace />} />
        <Route path="/customers" element={<CustomerListPage />} />
        <Route path="/customers/new" element={<NewCustomerPage />} />
        <Route path="/customers/:id" element={<OverviewPage />} />
        <Route path="/dashboard" element={<DashboardPage />} />
        <Route path="/birthdays" element={<BirthdayPage />} />
        <Route path="/contracts" element={<ContractDuePage />} />
        <Route path="/wishes" element={<WishListPage />} />
        <Route path="/completeness" element={<CompletenessPage />} />
        <Route path="/imports" element={<ImportListPage />} />
        <Route path="/imports/:id" element={<ImportPage />} />
        <Route path="/handovers" element={<HandoverListPage />} />
        <Route path="/handovers/new" element={<NewHandoverPage />} />
        <Route path="/deputies" element={<DeputyListPage />} />
        <Route path="/pool" element={<PoolPage />} />
        <Route path="/approvals" element={<ApprovalListPage />} />
        <Route path="/jobs" element={<JobListPage />} />
        <Route path="/reference" element={<ReferencePage />} />
        <Route path="/exchanges" element={<JournalPage />} />
        <Route path="/exchanges/:id" element={<ExchangePage />} />
        <Route path="/selection" element={<PolicyListPage />} />
        <Route path="/selection/:version" element={<PolicyPage />} />
        <Route path="/rosters" element={<RostersPage />} />
        <Route path="/rosters/:id" element={<RosterPage />} />
        <Route path="/class-proposals" element={<ProposalsPage />} />
        <Route path="/rules" element={<RulesPage />} />
        <Route path="/attributes" element={<AttributeListPage />} />
        <Route path="/organisation" element={<OrganisationPage />} />
        <Route path="/accounts" element={<AccountListPage />} />
        <Route path="/accounts/:id" element={<AccountPage />} />
        <Route path="/audit" element={<TrailPage />} />
        <Route
          path="/me"
          element={
            <OwnPage>
              <OwnRights />
              {may('deputy.name') && <OwnDeputies />}
            </OwnPage>
          }
        />
        <Route path="*" element={<UnknownPage />} />
      </Routes>
    </Frame>
  )
}
