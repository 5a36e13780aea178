import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Select, Space, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { FilterItem, Filters } from '../../table/Filters'
import { integer, text, useUrlState } from '../../urlstate/urlState'
import { DecideAllDialog } from './DecideAllDialog'
import { DecisionForm } from './DecisionForm'
import { Grounds } from './Grounds'
import { proposalsQuery, wordOf, type Proposal, type Source } from './rules'

const parts = { from: text, to: text, after: integer(0) }

interface Props {
  source: Source
  /** What the list is called. */
  label: string
  /** Who reads it may decide. */
  decides: boolean
}

/** What rules propose, each with its grounds: some or all that the filter lets through are decided. */
export function Proposals({ source, label, decides }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [state, change] = useUrlState(parts)
  const [selected, setSelected] = useState<number[]>([])
  const [all, setAll] = useState(false)
  const query = useQuery(proposalsQuery(source, state, state.after))
  const show = (patch: Partial<typeof state>) => {
    setSelected([])
    change({ after: 0, ...patch })
  }
  const reread = () => {
    setSelected([])
    void client.invalidateQueries({ queryKey: ['proposals', source.name] })
  }
  const options = source.values.map((value) => ({ value, label: wordOf(value) }))
  return (
    <>
      <Filters>
        {(['from', 'to'] as const).map((name) => (
          <FilterItem key={name} name={name} label={t(`proposal.${name}`)}>
            <Select
              id={`filter-${name}`}
              allowClear
              style={{ width: '100%' }}
              value={state[name] || null}
              options={options}
              onChange={(value: string | null) => show({ [name]: value ?? '' })}
              data-testid={`filter-${name}`}
            />
          </FilterItem>
        ))}
      </Filters>
      {decides && <DecisionForm source={source} customers={selected} onDone={reread} />}
      <Loaded query={query}>
        {(page) => (
          <>
            {decides && page.items.length > 0 && (
              <Space wrap style={{ marginBlock: 12 }}>
                <Button onClick={() => setSelected(page.items.map((p) => p.customerId))} data-testid="proposal-page">
                  {t('proposal.page')}
                </Button>
                <Button onClick={() => setAll(true)} data-testid="proposal-all">
                  {t('proposal.all')}
                </Button>
                {selected.length > 0 && t('proposal.selected', { count: selected.length })}
              </Space>
            )}
            <ProposalTable label={label} items={page.items} selected={selected} onSelect={decides ? setSelected : undefined} />
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
      {all && (
        <DecideAllDialog
          source={source}
          sieve={state}
          onClose={() => {
            setAll(false)
            reread()
          }}
        />
      )}
    </>
  )
}

interface TableProps {
  label: string
  items: Proposal[]
  selected: number[]
  onSelect?: (ids: number[]) => void
}

function ProposalTable({ label, items, selected, onSelect }: TableProps) {
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
    { title: t('proposal.what'), render: (_, p) => t('proposal.change', { from: wordOf(p.from), to: wordOf(p.to) }) },
    { title: t('proposal.grounds'), render: (_, p) => p.why && <Grounds why={p.why} /> },
    { title: t('proposal.at'), render: (_, p) => dateTime(p.at) },
  ]
  return (
    <DataTable<Proposal>
      label={label}
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
