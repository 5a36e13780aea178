import { useQuery } from '@tanstack/react-query'
import { Button, Space, Tag, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { DataTable } from '../../table/DataTable'
import { rowsQuery, type Fact, type Row } from './completeness'

interface Props {
  manager: number
  after: string
  onAfter: (after: string) => void
  onBack: () => void
}

/** The customers of one manager with what they lack, the least complete first. */
export function ManagerRows({ manager, after, onAfter, onBack }: Props) {
  const { t } = useTranslation()
  const query = useQuery(rowsQuery(manager, after))
  const columns: TableColumnsType<Row> = [
    { title: t('customer.name'), render: (_, r) => <Link to={`/customers/${r.id}`}>{r.name}</Link> },
    { title: t('customer.number'), render: (_, r) => <span className="figure">{r.number}</span>, responsive: ['md'] },
    { title: t('customer.class'), dataIndex: 'class' },
    { title: t('completeness.score'), align: 'right', render: (_, r) => <span className="figure">{r.score}</span> },
    {
      title: t('completeness.missing'),
      render: (_, r) => (
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 4, minWidth: 200, maxWidth: 520 }}>
          {(r.missing as Fact[]).map((fact) => (
            <Tag key={fact}>{t(`completenessFact.${fact}`)}</Tag>
          ))}
        </div>
      ),
    },
  ]
  return (
    <Loaded query={query}>
      {(page) => (
        <>
          <Space style={{ marginBottom: 12 }}>
            <Button onClick={onBack} data-testid="completeness-back">
              {t('completeness.back')}
            </Button>
            {after !== '' && <Button onClick={() => onAfter('')}>{t('completeness.first')}</Button>}
            {page.next !== '' && (
              <Button onClick={() => onAfter(page.next)} data-testid="completeness-next">
                {t('completeness.next')}
              </Button>
            )}
          </Space>
          <DataTable<Row>
            label={t('completeness.title')}
            rowKey="id"
            columns={columns}
            dataSource={page.items}
            onRow={(r) => ({ 'data-testid': `completeness-row-${r.number}` }) as object}
          />
        </>
      )}
    </Loaded>
  )
}
