import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import type { Customer } from '../customer/customers'
import { DecisionForm } from './DecisionForm'
import { Grounds } from './Grounds'
import { proposalQuery } from './rules'

interface Props {
  customer: Customer
  /** Reads the page anew. */
  reread: () => void
}

/** The class that a rule proposes for a customer, where one does. */
export default function ProposalNotice({ customer, reread }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { data } = useQuery(proposalQuery(customer.id))
  if (!data?.proposal) return null
  const { from, to, why } = data.proposal
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('proposal.single', { from, to })}
      description={
        <>
          {why && <Grounds why={why} />}
          {may('customer.classify') && (
            <div style={{ marginTop: 8 }}>
              <DecisionForm customers={[customer.id]} onDone={reread} />
            </div>
          )}
        </>
      }
      data-testid="class-proposal"
    />
  )
}
