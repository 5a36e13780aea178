import type { TablePaginationConfig, TableProps } from 'antd'
import type { SorterResult } from 'antd/es/table/interface'

interface Paged {
  page: number
  size: number
}

interface Sorted<K extends string> {
  sort: K
  dir: 'asc' | 'desc'
}

/** The pages of a list that the node cuts. */
export function pagination({ page, size }: Paged, total: number, change: (patch: Partial<Paged>) => void): TablePaginationConfig {
  return {
    current: page,
    pageSize: size,
    total,
    pageSizeOptions: [20, 50, 100],
    showSizeChanger: true,
    responsive: true,
    onChange: (next, nextSize) => change(nextSize === size ? { page: next } : { page: 1, size: nextSize }),
  }
}

/** How a column shows that the node has sorted by it. */
export function sortedBy<K extends string>(state: Sorted<K>, key: K) {
  return {
    key,
    sorter: true,
    sortOrder: state.sort === key ? (state.dir === 'asc' ? ('ascend' as const) : ('descend' as const)) : null,
  }
}

/** Turns a click on a column's head into a change of what the node sorts by. */
export function onSort<T, K extends string>(usual: K, change: (patch: Sorted<K>) => void): TableProps<T>['onChange'] {
  return (_pages, _filters, sorter, { action }) => {
    if (action !== 'sort') return
    const { columnKey, order } = sorter as SorterResult<T>
    change(order ? { sort: columnKey as K, dir: order === 'ascend' ? 'asc' : 'desc' } : { sort: usual, dir: 'asc' })
  }
}
