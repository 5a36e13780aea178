import { AuditOutlined, BarChartOutlined, BookOutlined, ClusterOutlined, DashboardOutlined, FileSearchOutlined, FundOutlined, TeamOutlined, UserOutlined } from '@ant-design/icons'
import { lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Route, Routes } from 'react-router-dom'
import { useSession } from '../api/session'
import { Frame, type Destination } from '../frame/Frame'
import { UnknownPage } from '../frame/Outcome'
import { find, findNothing } from './find'

const BoardPage = lazy(() => import('./board/BoardPage'))
const RunListPage = lazy(() => import('./reconciliation/RunListPage'))
const DashboardPage = lazy(() => import('./dashboard/DashboardPage'))
const NightPage = lazy(() => import('./reconciliation/NightPage'))
const SubmissionPage = lazy(() => import('./reconciliation/SubmissionPage'))
const RunPage = lazy(() => import('./reconciliation/RunPage'))
const CompanyListPage = lazy(() => import('./company/CompanyListPage'))
const CompanyPage = lazy(() => import('./company/CompanyPage'))
const CustomerListPage = lazy(() => import('./customer/CustomerListPage'))
const CustomerPage = lazy(() => import('./customer/CustomerPage'))
const ReferencePage = lazy(() => import('./reference/ReferencePage'))
const ReportPage = lazy(() => import('./report/ReportPage'))
const SavedReportListPage = lazy(() => import('./savedreport/SavedReportListPage'))
const SavedReportPage = lazy(() => import('./savedreport/SavedReportPage'))
const MovementPage = lazy(() => import('./report/MovementPage'))
const AccountListPage = lazy(() => import('../account/AccountListPage'))
const AccountPage = lazy(() => import('../account/AccountPage'))
const OwnPage = lazy(() => import('../account/OwnPage'))
const TrailPage = lazy(() => import('../audit/TrailPage'))

/** The portal of headquarters. */
export default function National() {
  const { t } = useTranslation()
  const { may } = useSession()
  const destinations: Destination[] = [
    { path: '/provinces', label: t('menu.board'), icon: <DashboardOutlined aria-hidden />, permission: 'nation.read' },
    { path: '/reconciliations', label: t('menu.reconciliations'), icon: <AuditOutlined aria-hidden />, permission: 'reconciliation.read' },
    { path: '/customers', label: t('menu.customers'), icon: <TeamOutlined aria-hidden />, permission: 'nation.customer.read' },
    { path: '/companies', label: t('menu.companies'), icon: <ClusterOutlined aria-hidden />, permission: 'nation.customer.read' },
    { path: '/dashboard', label: t('menu.dashboard'), icon: <FundOutlined aria-hidden />, permission: 'report.read' },
    { path: '/reports', label: t('menu.reports'), icon: <BarChartOutlined aria-hidden />, permission: 'report.read' },
    { path: '/reference', label: t('menu.reference'), icon: <BookOutlined aria-hidden />, permission: 'nation.reference.read' },
    { path: '/accounts', label: t('menu.accounts'), icon: <UserOutlined aria-hidden />, permission: 'account.manage' },
    { path: '/audit', label: t('menu.audit'), icon: <FileSearchOutlined aria-hidden />, permission: 'audit.read' },
  ]
  return (
    <Frame destinations={destinations} search={{ find: may('nation.customer.read') ? find : findNothing, hint: t('customers.searchHint') }}>
      <Routes>
        <Route path="/" element={<Navigate to="/provinces" replace />} />
        <Route path="/provinces" element={<BoardPage />} />
        <Route path="/reconciliations" element={<RunListPage />} />
        <Route path="/reconciliations/night" element={<NightPage />} />
        <Route path="/reconciliations/submissions" element={<SubmissionPage />} />
        <Route path="/reconciliations/:id" element={<RunPage />} />
        <Route path="/customers" element={<CustomerListPage />} />
        <Route path="/customers/:province/:id" element={<CustomerPage />} />
        <Route path="/companies" element={<CompanyListPage />} />
        <Route path="/companies/:creditCode" element={<CompanyPage />} />
        <Route path="/reference" element={<ReferencePage />} />
        <Route path="/dashboard" element={<DashboardPage />} />
        <Route path="/reports" element={<ReportPage />} />
        <Route path="/reports/saved" element={<SavedReportListPage />} />
        <Route path="/reports/saved/:id" element={<SavedReportPage />} />
        <Route path="/reports/movements" element={<MovementPage />} />
        <Route path="/accounts" element={<AccountListPage />} />
        <Route path="/accounts/:id" element={<AccountPage />} />
        <Route path="/audit" element={<TrailPage />} />
        <Route path="/me" element={<OwnPage />} />
        <Route path="*" element={<UnknownPage />} />
      </Routes>
    </Frame>
  )
}
