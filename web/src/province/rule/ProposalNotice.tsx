import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import type { Customer } from '../customer/customers'
import { DecisionForm } from './DecisionForm'
import { Grounds } from './Grounds'
import { classProposals, ownProposalsQuery, rosterProposals, type Proposal } from './rules'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** What rules propose for the customer. */
export default function ProposalNotice({ customer, reread }: Props) {
  const { data } = useQuery(ownProposalsQuery(customer.id))
  return data?.items.map((p) => <Notice key={p.rosterId} proposal={p} reread={reread} />)
}

function Notice({ proposal, reread }: { proposal: Proposal; reread: () => void }) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { from, to, why, rosterId, roster } = proposal
  const ofClass = rosterId === 0
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 16 }}
      title={ofClass ? t('proposal.single', { from, to }) : t(to === 'in' ? 'proposal.enters' : 'proposal.leaves', { roster })}
      description={
        <>
          {why && <Grounds why={why} />}
          {may(ofClass ? 'customer.classify' : 'roster.manage') && (
            <div style={{ marginTop: 8 }}>
              <DecisionForm source={ofClass ? classProposals : rosterProposals(rosterId)} customers={[proposal.customerId]} onDone={reread} />
            </div>
          )}
        </>
      }
      data-testid={ofClass ? 'class-proposal' : `roster-proposal-${rosterId}`}
    />
  )
}
