import { useQueryClient } from '@tanstack/react-query'
import { App, Card } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import { PageHead } from '../../frame/PageHead'
import { useCustomerFields, useLockedCustomerFields } from './customerFields'
import { factsOf, type Customer, type CustomerFacts } from './customers'
import { useLookAlikes } from './LookAlikes'

export default function NewCustomerPage() {
  const { t } = useTranslation()
  const { session, may } = useSession()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const client = useQueryClient()
  const lookAlikes = useLookAlikes()
  const fields = useCustomerFields({ nameNote: lookAlikes.note })
  const locked = useLockedCustomerFields()
  // Who may not assign keeps a new customer in their own care.
  const beginning: CustomerFacts = {
    name: '', creditCode: '', industry: '', city: '', class: 'D', lifecycle: 'potential',
    managerId: may('customer.assign') ? null : session.unitId || null, parentId: null,
    legalPerson: '', address: '', postcode: '', registeredCapitalFen: null, annualSalesFen: null, headcount: null,
    crossProvince: false, sensitive: false, profile: '', remark: '',
    organisationType: '', licenceType: '', licenceNumber: '', creditLevel: '', creditLimitFen: null,
  }
  return (
    <>
      <PageHead title={t('customer.new')} />
      <Card style={{ maxWidth: 960 }}>
        <EditForm<Customer, CustomerFacts>
          name="customer"
          initial={beginning}
          factsOf={factsOf}
          fields={fields}
          locked={locked}
          save={(body) => answer(province.POST('/api/customers', { params: { query: { confirmed: lookAlikes.confirmed() } }, body }))}
          onSaved={(customer) => {
            void message.success(t('record.created'))
            void client.invalidateQueries({ queryKey: ['customers'] })
            void navigate(`/customers/${customer.id}`, { replace: true })
          }}
          onCancel={() => void navigate('/customers')}
        />
      </Card>
    </>
  )
}
