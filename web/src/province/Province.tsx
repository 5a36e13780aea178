import { ApiOutlined, BookOutlined, CalendarOutlined, CloudUploadOutlined, FieldTimeOutlined, FileSearchOutlined, GiftOutlined, ImportOutlined, PlusOutlined, SwapOutlined, TagsOutlined, TeamOutlined, UserOutlined } from '@ant-design/icons'
import { lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Route, Routes } from 'react-router-dom'
import { Frame, type Destination } from '../frame/Frame'
import { UnknownPage } from '../frame/Outcome'
import { find } from './find'

const CustomerListPage = lazy(() => import('./customer/CustomerListPage'))
const NewCustomerPage = lazy(() => import('./customer/NewCustomerPage'))
const OverviewPage = lazy(() => import('./overview/OverviewPage'))
const BirthdayPage = lazy(() => import('./contact/BirthdayPage'))
const ContractDuePage = lazy(() => import('./contract/DuePage'))
const ImportListPage = lazy(() => import('./importing/ImportListPage'))
const ImportPage = lazy(() => import('./importing/ImportPage'))
const HandoverListPage = lazy(() => import('./handover/HandoverListPage'))
const NewHandoverPage = lazy(() => import('./handover/NewHandoverPage'))
const JobListPage = lazy(() => import('./job/JobListPage'))
const JournalPage = lazy(() => import('./journal/JournalPage'))
const ReferencePage = lazy(() => import('./reference/ReferencePage'))
const ExchangePage = lazy(() => import('./journal/ExchangePage'))
const PolicyListPage = lazy(() => import('./selection/PolicyListPage'))
const PolicyPage = lazy(() => import('./selection/PolicyPage'))
const AttributeListPage = lazy(() => import('./attribute/AttributeListPage'))
const AccountListPage = lazy(() => import('../account/AccountListPage'))
const AccountPage = lazy(() => import('../account/AccountPage'))
const OwnPage = lazy(() => import('../account/OwnPage'))
const TrailPage = lazy(() => import('../audit/TrailPage'))

/** The portal of a province. */
export default function Province() {
  const { t } = useTranslation()
  const destinations: Destination[] = [
    { path: '/customers', label: t('menu.customers'), icon: <TeamOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/birthdays', label: t('menu.birthdays'), icon: <GiftOutlined aria-hidden />, permission: 'contact.private' },
    { path: '/contracts', label: t('menu.contractDue'), icon: <CalendarOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/imports', label: t('menu.imports'), icon: <ImportOutlined aria-hidden />, permission: 'customer.import' },
    { path: '/handovers', label: t('menu.handovers'), icon: <SwapOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/jobs', label: t('menu.jobs'), icon: <FieldTimeOutlined aria-hidden />, permission: 'customer.read' },
    { path: '/reference', label: t('menu.reference'), icon: <BookOutlined aria-hidden />, permission: 'reference.read' },
    { path: '/exchanges', label: t('menu.exchanges'), icon: <ApiOutlined aria-hidden />, permission: 'journal.read' },
    { path: '/selection', label: t('menu.selection'), icon: <CloudUploadOutlined aria-hidden />, permission: 'selection.read' },
    { path: '/attributes', label: t('menu.attributes'), icon: <TagsOutlined aria-hidden />, permission: 'attribute.manage' },
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
        <Route path="/birthdays" element={<BirthdayPage />} />
        <Route path="/contracts" element={<ContractDuePage />} />
        <Route path="/imports" element={<ImportListPage />} />
        <Route path="/imports/:id" element={<ImportPage />} />
        <Route path="/handovers" element={<HandoverListPage />} />
        <Route path="/handovers/new" element={<NewHandoverPage />} />
        <Route path="/jobs" element={<JobListPage />} />
        <Route path="/reference" element={<ReferencePage />} />
        <Route path="/exchanges" element={<JournalPage />} />
        <Route path="/exchanges/:id" element={<ExchangePage />} />
        <Route path="/selection" element={<PolicyListPage />} />
        <Route path="/selection/:version" element={<PolicyPage />} />
        <Route path="/attributes" element={<AttributeListPage />} />
        <Route path="/accounts" element={<AccountListPage />} />
        <Route path="/accounts/:id" element={<AccountPage />} />
        <Route path="/audit" element={<TrailPage />} />
        <Route path="/me" element={<OwnPage />} />
        <Route path="*" element={<UnknownPage />} />
      </Routes>
    </Frame>
  )
}
