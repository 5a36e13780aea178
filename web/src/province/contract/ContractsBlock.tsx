import { EditOutlined, FileDoneOutlined, PaperClipOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Space, Typography, type TableColumnsType } from 'antd'
import dayjs from 'dayjs'
import type { TFunction } from 'i18next'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block, type Freshness } from '../../frame/Block'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark, type Mood } from '../../table/Mark'
import { belongsTo, documentsQuery, type Owner } from '../document/documents'
import { ContractForm } from './ContractForm'
import { daysLeft, inChains, type Contract } from './contracts'

const DocumentsPanel = lazy(() => import('../document/DocumentsPanel'))

interface Props {
  customerId: number
  contracts: Contract[]
  freshness?: Freshness
}

/** What is done with a contract in the form beside the page. */
type Doing = { kind: 'new' } | { kind: 'edit' | 'renew' | 'documents'; contract: Contract }

const moods: Record<Contract['status'], Mood> = { draft: 'waiting', active: 'good', expired: 'warning', terminated: 'neutral' }

/** The contracts with a customer, each beside those that it renews. */
export function ContractsBlock({ customerId, contracts, freshness }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { money, moneyUnit } = useFormats()
  const [doing, setDoing] = useState<Doing>()
  const documents = useQuery(documentsQuery(customerId)).data?.items ?? []
  const close = () => setDoing(undefined)
  const change = may('contract.change')
  const unit = moneyUnit(contracts.map((c) => c.amountFen))
  const title = t('overview.contracts', { count: contracts.length })
  const renewed = (c: Contract) => contracts.some((by) => by.renewsId === c.id && by.status !== 'terminated')
  const columns: TableColumnsType<Contract> = [
    { title: t('contract.number'), dataIndex: 'number' },
    { title: t('contract.name'), dataIndex: 'name' },
    { title: t('contract.status'), render: (_, c) => <State contract={c} /> },
    {
      title: t('measure.in', { measure: t('contract.amount'), unit: t(`unit.${unit.name}`) }), align: 'right',
      render: (_, c) => <span className="figure">{money(c.amountFen, unit)}</span>,
    },
    { title: t('contract.signedOn'), dataIndex: 'signedOn' },
    { title: t('contract.effectiveOn'), dataIndex: 'effectiveOn' },
    { title: t('contract.expiresOn'), dataIndex: 'expiresOn' },
    { title: t('contract.autoRenew'), render: (_, c) => t(c.autoRenew ? 'value.yes' : 'value.no') },
    { title: t('contract.succession'), render: (_, c) => <Succession contract={c} all={contracts} /> },
    {
      title: t('list.actions'),
      render: (_, c) => (
        <Space>
          <Button
            size="small"
            icon={<PaperClipOutlined aria-hidden />}
            onClick={() => setDoing({ kind: 'documents', contract: c })}
            data-testid={`contract-documents-${c.number}`}
          >
            {t('document.open', { count: documents.filter((d) => belongsTo(d, ownerOf(c))).length })}
          </Button>
          {change && (
            <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setDoing({ kind: 'edit', contract: c })} data-testid={`contract-edit-${c.id}`}>
              {t('action.edit')}
            </Button>
          )}
          {change && (c.status === 'active' || c.status === 'expired') && !renewed(c) && (
            <Button
              size="small"
              icon={<FileDoneOutlined aria-hidden />}
              onClick={() => setDoing({ kind: 'renew', contract: c })}
              data-testid={`contract-renew-${c.number}`}
            >
              {t('contract.renew')}
            </Button>
          )}
        </Space>
      ),
    },
  ]
  return (
    <Block
      whole
      name="contracts"
      title={title}
      freshness={freshness}
      actions={
        change && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setDoing({ kind: 'new' })} data-testid="contract-new">
            {t('contract.new')}
          </Button>
        )
      }
    >
      <DataTable<Contract>
        label={title}
        rowKey="id"
        columns={columns}
        dataSource={inChains(contracts)}
        onRow={(c) => ({ 'data-testid': `contract-row-${c.number}` }) as object}
      />
      {doing && (
        <SideForm title={titleOf(t, doing)} open onClose={close}>
          {doing.kind === 'documents' ? (
            <Suspense>
              <Typography.Paragraph>
                {t('document.contract')} {doing.contract.name}
              </Typography.Paragraph>
              <DocumentsPanel customerId={customerId} owner={ownerOf(doing.contract)} label={titleOf(t, doing)} mayChange={change} />
            </Suspense>
          ) : (
            <ContractForm
              customerId={customerId}
              contract={doing.kind === 'edit' ? doing.contract : undefined}
              renews={doing.kind === 'renew' ? doing.contract : undefined}
              onClose={close}
            />
          )}
        </SideForm>
      )}
    </Block>
  )
}

function ownerOf(contract: Contract): Owner {
  return { kind: 'contract', id: contract.id }
}

function titleOf(t: TFunction, doing: Doing): string {
  switch (doing.kind) {
    case 'new': return t('contract.new')
    case 'edit': return t('contract.edit')
    case 'renew': return t('contract.renewal', { number: doing.contract.number })
    case 'documents': return t('document.title', { number: doing.contract.number })
  }
}

function State({ contract }: { contract: Contract }) {
  const { t } = useTranslation()
  const left = daysLeft(contract, dayjs().format('YYYY-MM-DD'))
  return (
    <>
      <Mark mood={moods[contract.status]}>{t(`contractStatus.${contract.status}`)}</Mark>
      {left !== undefined && <Mark mood={left <= 30 ? 'bad' : 'warning'}>{t('contract.daysLeft', { days: left })}</Mark>}
    </>
  )
}

/** What a contract renews, and what renews it. */
function Succession({ contract, all }: { contract: Contract; all: Contract[] }) {
  const { t } = useTranslation()
  const by = all.find((c) => c.renewsId === contract.id && c.status !== 'terminated')
  const of = all.find((c) => c.id === contract.renewsId)
  if (contract.renewsId === null && !by) return t('value.none')
  return (
    <>
      {contract.renewsId !== null && <div>{of ? `${t('contract.renews')} ${of.number}` : t('contract.renewsOther')}</div>}
      {by && <div>{t('contract.renewedBy', { number: by.number })}</div>}
    </>
  )
}
