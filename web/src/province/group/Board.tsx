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
import { columnQuery, groupTexts, targetsOf } from './groups'
import { MoveForm } from './MoveForm'
import { useGroupNames } from './useGroupNames'
import './board.css'

interface Props {
  by: 'class' | 'lifecycle'
  state: CustomerListState
}

/**
 * The customers of the list as cards, in a column for each class or stage that the list is not narrowed to others of.
 * A mouse drags a card to the column where it is to go; by keyboard and by touch, which scrolls, its button moves it.
 * Both lead to the same form.
 */
export function Board({ by, state }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [dragged, setDragged] = useState<CustomerRow>()
  const [moving, setMoving] = useState<{ customer: CustomerRow; to?: string }>()
  const [all, chosen]: [string[], string[]] = by === 'class' ? [classes, state.class] : [lifecycles, state.lifecycle]
  const mayMove = may('customer.change') && (by === 'lifecycle' || may('customer.classify'))
  const move = mayMove ? { ask: (customer: CustomerRow) => setMoving({ customer }), drag: setDragged } : undefined
  return (
    // It scrolls, also by the keyboard where no card is.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="board" role="region" aria-label={t('group.board', { field: t(groupTexts[by]) })} tabIndex={0} data-testid="board">
      {(chosen.length > 0 ? chosen : all).map((value) => (
        <Column
          key={value}
          by={by}
          value={value}
          state={state}
          move={move}
          drop={dragged && targetsOf(by, dragged).includes(value) ? () => setMoving({ customer: dragged, to: value }) : undefined}
        />
      ))}
      <SideForm title={t('board.move', { name: moving?.customer.name })} open={moving !== undefined} onClose={() => setMoving(undefined)}>
        {moving && <MoveForm by={by} id={moving.customer.id} to={moving.to} onClose={() => setMoving(undefined)} />}
      </SideForm>
    </div>
  )
}

/** How whoever may move customers does so. */
interface Move {
  ask: (customer: CustomerRow) => void
  /** Which card is being dragged, or none. */
  drag: (customer?: CustomerRow) => void
}

interface ColumnProps extends Props {
  value: string
  move?: Move
  /** Takes the dragged card, where it may go here. */
  drop?: () => void
}

function Column({ by, value, state, move, drop }: ColumnProps) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const name = useGroupNames(by)({ value, manager: '' })
  const query = useInfiniteQuery(columnQuery(state, by, value))
  const first = query.data?.pages[0]
  return (
    // Who has no mouse moves a card by its button.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      aria-label={name}
      className={drop && 'target'}
      onDragOver={drop && ((e) => e.preventDefault())} // that is, it may be dropped here
      onDrop={drop}
      data-testid={`board-column-${value}`}
      data-total={first?.total}
    >
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

function Card({ by, row, move }: { by: Props['by']; row: CustomerRow; move?: Move }) {
  const { t } = useTranslation()
  const other = by === 'class' ? t(`lifecycle.${row.lifecycle}`) : row.class
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li
      draggable={move !== undefined}
      onDragStart={(e) => {
        e.dataTransfer.effectAllowed = 'move'
        e.dataTransfer.setData('application/x-customer', row.number) // no text: no field takes it
        move?.drag(row)
      }}
      onDragEnd={() => move?.drag()}
      data-testid={`card-${row.number}`}
    >
      <Link to={`/customers/${row.id}`} draggable={false /* the card is */}>
        {row.name}
      </Link>
      <Typography.Text type="secondary" style={{ fontSize: 12 }}>
        {[other, row.cityName, row.managerName || t('chip.unassigned')].join(' · ')}
      </Typography.Text>
      {move && (
        <Button
          size="small"
          icon={<SwapOutlined aria-hidden />}
          aria-label={t('board.move', { name: row.name })}
          onClick={() => move.ask(row)}
          data-testid={`card-move-${row.number}`}
        >
          {t('board.moveTo')}
        </Button>
      )}
    </li>
  )
}
