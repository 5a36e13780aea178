import { useQuery } from '@tanstack/react-query'
import { Suspense } from 'react'
import { useSession } from '../../api/session'
import { lazyPart } from '../../language/lazyPart'
import { deputyNoticesQuery } from '../deputy/deputies'
import { exportNoticesQuery } from '../exporting/requests'
import { handoverNoticesQuery } from '../handover/handovers'
import { noticesQuery } from '../reference/referenceData'
import { teamNoticesQuery } from '../team/teams'

const NoticesBanner = lazyPart('province', () => import('../reference/NoticesBanner'))
const DeputyNotices = lazyPart('province', () => import('../deputy/DeputyNotices'))
const ExportNotices = lazyPart('province', () => import('../exporting/ExportNotices'))
const HandoverNotices = lazyPart('province', () => import('../handover/HandoverNotices'))
const TeamNotices = lazyPart('province', () => import('../team/TeamNotices'))

/** What headquarters and colleagues have told the person; it is loaded only where there is something. */
export function Notices() {
  const { may } = useSession()
  const { data: headquarters } = useQuery({ ...noticesQuery, enabled: may('reference.read') })
  const { data: handovers } = useQuery(handoverNoticesQuery)
  const { data: exports } = useQuery({ ...exportNoticesQuery, enabled: may('customer.export') })
  const { data: deputies } = useQuery(deputyNoticesQuery)
  const { data: teams } = useQuery(teamNoticesQuery)
  return (
    <Suspense fallback={null}>
      {headquarters && headquarters.items.length > 0 && <NoticesBanner notices={headquarters.items} />}
      {deputies && deputies.items.length > 0 && <DeputyNotices deputies={deputies.items} />}
      {teams && teams.items.length > 0 && <TeamNotices notices={teams.items} />}
      {exports && exports.items.length > 0 && <ExportNotices requests={exports.items} />}
      {handovers && handovers.items.length > 0 && <HandoverNotices handovers={handovers.items} />}
    </Suspense>
  )
}
