import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Card, Select, Space, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { asOptions, classes } from '../../reference/choices'
import { DataTable } from '../../table/DataTable'
import { FilterItem, Filters } from '../../table/Filters'
import { integer, text, useUrlState } from '../../urlstate/urlState'
import { DecisionForm } from './DecisionForm'
import { Grounds } from './Grounds'
import { proposalsQuery, type Proposal } from './rules'

const parts = { from: text, to: text, after: integer(0) }

/** The classes that rules propose, each with its grounds, to be confirmed or declined. */
export default function ProposalsPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const client = useQueryClient()
  const [state, change] = useUrlState(parts)
  const [selected, setSelected] = useState<number[]>([])
  const query = useQuery(proposalsQuery(state.from, state.to, state.after))
  const decides = may('customer.classify')
  const show = (patch: Partial<typeof state>) => {
    setSelected([])
    change({ after: 0, ...patch })
  }
  return (
    <>
      <PageHead title={t('proposal.title')} note={selected.length > 0 ? t('proposal.selected', { count: selected.length }) : undefined} />
      <Card size="small">
        <Filters>
          {(['from', 'to'] as const).map((name) => (
            <FilterItem key={name} name={name} label={t(`proposal.${name}`)}>
              <Select
                id={`filter-${name}`}
                allowClear
                style={{ width: '100%' }}
                value={state[name] || null}
                options={asOptions(classes)}
                onChange={(value: string | null) => show({ [name]: value ?? '' })}
                data-testid={`filter-${name}`}
              />
            </FilterItem>
          ))}
        </Filters>
        {decides && (
          <DecisionForm
            customers={selected}
            onDone={() => {
              setSelected([])
              void client.invalidateQueries({ queryKey: ['class-proposals'] })
            }}
          />
        )}
        <Loaded query={query}>
          {(page) => (
            <>
              {decides && page.items.length > 0 && (
                <Button style={{ marginBlock: 12 }} onClick={() => setSelected(page.items.map((p) => p.customerId))} data-testid="proposal-all">
                  {t('proposal.all')}
                </Button>
              )}
              <ProposalTable items={page.items} selected={selected} onSelect={decides ? setSelected : undefined} />
              <Space style={{ marginTop: 12 }}>
                {state.after > 0 && <Button onClick={() => show({})}>{t('proposal.first')}</Button>}
                {page.next > 0 && (
                  <Button onClick={() => show({ after: page.next })} data-testid="proposal-next">
                    {t('proposal.next')}
                  </Button>
                )}
              </Space>
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}

function ProposalTable({ items, selected, onSelect }: { items: Proposal[]; selected: number[]; onSelect?: (ids: number[]) => void }) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  const columns: TableColumnsType<Proposal> = [
    {
      title: t('proposal.customer'),
      render: (_, p) => (
        <>
          <Link to={`/customers/${p.customerId}`}>{p.name}</Link> <span className="figure">{p.number}</span>
        </>
      ),
    },
    { title: t('customer.manager'), render: (_, p) => p.manager || t('value.none') },
    { title: t('customer.class'), render: (_, p) => t('proposal.change', { from: p.from, to: p.to }) },
    { title: t('proposal.grounds'), render: (_, p) => p.why && <Grounds why={p.why} /> },
    { title: t('proposal.at'), render: (_, p) => dateTime(p.at) },
  ]
  return (
    <DataTable<Proposal>
      label={t('proposal.title')}
      rowKey="customerId"
      columns={columns}
      dataSource={items}
      rowSelection={
        onSelect && {
          selectedRowKeys: selected,
          onChange: (keys) => onSelect(keys.map(Number)),
          hideSelectAll: true, // antd repeats its box in a hidden row, where the keyboard would meet it
          getCheckboxProps: (p) => ({ 'aria-label': t('proposal.select', { name: p.name }), 'data-testid': `proposal-select-${p.number}` }) as object,
        }
      }
      onRow={(p) => ({ 'data-testid': `proposal-row-${p.number}` }) as object}
    />
  )
}
