import { EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Select, Typography, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { useLanguage } from '../../language/LanguageProvider'
import { asOptions, classes, lifecycleMoods } from '../../reference/choices'
import { industryName } from '../../reference/industries'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { pagination } from '../../table/paging'
import { useUrlState } from '../../urlstate/urlState'
import { Claim } from './Claim'
import { poolParts, poolQuery, poolRuleQuery, type Pooled } from './pool'
import { PoolRuleForm } from './PoolRuleForm'

/** Customers in nobody's care, which can be taken, one or several at once. */
export default function PoolPage() {
  const { t } = useTranslation()
  const { may } = useSession()
  const { integer } = useFormats()
  const [state, change] = useUrlState(poolParts)
  const [chosen, setChosen] = useState<Pooled[]>([])
  const [editing, setEditing] = useState(false)
  const query = useQuery(poolQuery(state))
  const rule = useQuery(poolRuleQuery)
  const columns = useColumns()
  return (
    <>
      <PageHead
        title={t('pool.title')}
        note={
          <span role="status" data-testid="hit-count" data-total={query.data?.total}>
            {query.data && t('list.hits', { total: integer(query.data.total) })}
          </span>
        }
      >
        <Claim chosen={chosen} onDone={() => setChosen([])} />
        {may('rule.manage') && (
          <Button icon={<EditOutlined aria-hidden />} disabled={!rule.data} onClick={() => setEditing(true)} data-testid="pool-rule">
            {t('pool.rule')}
          </Button>
        )}
      </PageHead>
      {rule.data && (
        <Typography.Paragraph type="secondary">{t('pool.explanation', { most: integer(rule.data.mostHeld), days: rule.data.coolingDays })}</Typography.Paragraph>
      )}
      <Card size="small">
        <Select
          mode="multiple"
          aria-label={t('customer.class')}
          placeholder={t('customer.class')}
          value={state.class}
          onChange={(value) => change({ class: value })}
          options={asOptions(classes)}
          style={{ minWidth: 200, marginBottom: 12 }}
          data-testid="pool-class"
        />
        <Loaded query={query}>
          {(page) => (
            <DataTable<Pooled>
              label={t('pool.title')}
              rowKey="id"
              columns={columns}
              dataSource={page.items}
              loading={query.isPlaceholderData}
              pagination={pagination(state, page.total, change)}
              rowSelection={{
                selectedRowKeys: chosen.map((c) => c.id),
                preserveSelectedRowKeys: true, // of pages that were left
                hideSelectAll: true, // antd repeats its box in a hidden row, where the keyboard would meet it
                onChange: (_, rows) => setChosen(rows),
                getCheckboxProps: (row) => ({ 'aria-label': row.name, 'data-testid': `pool-select-${row.number}` }) as object,
              }}
              onRow={(row) => ({ 'data-testid': `pool-row-${row.number}` }) as object}
            />
          )}
        </Loaded>
      </Card>
      <SideForm title={t('pool.rule')} open={editing} onClose={() => setEditing(false)}>
        {rule.data && <PoolRuleForm rule={rule.data} onClose={() => setEditing(false)} />}
      </SideForm>
    </>
  )
}

function useColumns(): TableColumnsType<Pooled> {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { dateTime } = useFormats()
  return [
    {
      title: t('customer.name'),
      render: (_, c) => (
        <>
          {c.name}
          <Typography.Text type="secondary" className="figure" style={{ display: 'block', fontSize: 12 }}>
            {c.number}
          </Typography.Text>
        </>
      ),
    },
    { title: t('customer.class'), dataIndex: 'class' },
    { title: t('customer.lifecycle'), render: (_, c) => <Mark mood={lifecycleMoods[c.lifecycle]}>{t(`lifecycle.${c.lifecycle}`)}</Mark> },
    { title: t('customer.industry'), responsive: ['md'], render: (_, c) => <div style={{ maxWidth: 220, whiteSpace: 'normal' }}>{industryName(c.industry, language)}</div> },
    { title: t('customer.city'), dataIndex: 'cityName', responsive: ['sm'] },
    { title: t('pool.since'), render: (_, c) => <span className="figure">{dateTime(c.since)}</span> },
    {
      title: t('pool.from'),
      render: (_, c) => (
        <div style={{ maxWidth: 280, whiteSpace: 'normal' }}>
          {c.from || t('value.none')}
          <Typography.Text type="secondary" style={{ display: 'block', fontSize: 12 }}>
            {c.reason}
          </Typography.Text>
        </div>
      ),
    },
  ]
}
