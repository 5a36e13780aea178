import { boardOf, type Grouping } from '../customer/customers'
import type { ViewedList } from '../view/views'
import { Board } from './Board'
import { GroupTable } from './GroupTable'

/** The list where it is grouped: the groups with their counts, or a board. */
export default function Grouped({ by, list }: { by: Grouping; list: ViewedList }) {
  const board = boardOf(list.state)
  return board ? <Board by={board} state={list.state} /> : <GroupTable by={by} list={list} />
}
