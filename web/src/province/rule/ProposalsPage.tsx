import { Card } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { PageHead } from '../../frame/PageHead'
import { Proposals } from './Proposals'
import { classProposals } from './rules'

/** The classes that rules propose, each with its grounds, to be confirmed or declined. */
export default function ProposalsPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  return (
    <>
      <PageHead title={t('proposal.title')} />
      <Card size="small">
        <Proposals source={classProposals} label={t('proposal.title')} decides={may('customer.classify')} />
      </Card>
    </>
  )
}
