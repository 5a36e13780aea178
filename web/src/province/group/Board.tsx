import { SwapOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { classes, lifecycles } from '../../reference/choices'
import type { CustomerListState, CustomerRow } from '../customer/customers'
import { columnQuery, groupTexts } from './groups'
import { MoveForm } from './MoveForm'
import { useGroupNames } from './useGroupNames'
import './board.css'

interface Props {
  by: 'class' | 'lifecycle'
  state: CustomerListState
}

/** The customers of the list as cards, in a column for each class or stage that the list is not narrowed to others of. */
export function Board({ by, state }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [moving, setMoving] = useState<CustomerRow>()
  const [all, chosen]: [string[], string[]] = by === 'class' ? [classes, state.class] : [lifecycles, state.lifecycle]
  const move = may('customer.change') && (by === 'lifecycle' || may('customer.classify')) ? setMoving : undefined
  return (
    // It scrolls, also by the keyboard where no card is.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="board" role="region" aria-label={t('group.board', { field: t(groupTexts[by]) })} tabIndex={0} data-testid="board">
      {(chosen.length > 0 ? chosen : all).map((value) => (
        <Column key={value} by={by} value={value} state={state} move={move} />
      ))}
      <SideForm title={t('board.move', { name: moving?.name })} open={moving !== undefined} onClose={() => setMoving(undefined)}>
        {moving && <MoveForm by={by} id={moving.id} onClose={() => setMoving(undefined)} />}
      </SideForm>
    </div>
  )
}

type Move = ((customer: CustomerRow) => void) | undefined

function Column({ by, value, state, move }: Props & { value: string; move: Move }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const name = useGroupNames(by)({ value, manager: '' })
  const query = useInfiniteQuery(columnQuery(state, by, value))
  const first = query.data?.pages[0]
  return (
    <section aria-label={name} data-testid={`board-column-${value}`} data-total={first?.total}>
      <Typography.Title level={2} style={{ fontSize: 14, margin: 0 }}>
        {name}{' '}
        <Typography.Text type="secondary" className="figure" style={{ fontWeight: 'normal' }}>
          {first && t(first.more ? 'list.hitsMore' : 'list.hits', { total: integer(first.total) })}
        </Typography.Text>
      </Typography.Title>
      <Loaded query={query}>
        {({ pages }) => (
          <ul>
            {pages.flatMap(({ items }) =>
              items.map((row) => <Card key={row.id} by={by} row={row} move={move} />),
            )}
          </ul>
        )}
      </Loaded>
      {query.hasNextPage && (
        <Button block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} data-testid={`board-more-${value}`}>
          {t('board.more')}
        </Button>
      )}
    </section>
  )
}

function Card({ by, row, move }: { by: Props['by']; row: CustomerRow; move: Move }) {
  const { t } = useTranslation()
  const other = by === 'class' ? t(`lifecycle.${row.lifecycle}`) : row.class
  return (
    <li data-testid={`card-${row.number}`}>
      <Link to={`/customers/${row.id}`}>{row.name}</Link>
      <Typography.Text type="secondary" style={{ fontSize: 12 }}>
        {[other, row.cityName, row.managerName || t('chip.unassigned')].join(' · ')}
      </Typography.Text>
      {move && (
        <Button
          size="small"
          icon={<SwapOutlined aria-hidden />}
          aria-label={t('board.move', { name: row.name })}
          onClick={() => move(row)}
          data-testid={`card-move-${row.number}`}
        >
          {t('board.moveTo')}
        </Button>
      )}
    </li>
  )
}
