import { Table, type TableProps } from 'antd'
import { useLayoutEffect, useRef } from 'react'

/** A table that scrolls within its place, never the page, also by keyboard. */
export function DataTable<T extends object>(props: TableProps<T> & { label: string }) {
  const { label, ...table } = props
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    // antd offers no way to name the element that scrolls.
    const scrolled = place.current?.querySelector('.ant-table-content')
    for (const [name, value] of [['role', 'region'], ['aria-label', label], ['tabindex', '0']] as const) scrolled?.setAttribute(name, value)
  }, [label])
  return (
    <div ref={place} style={{ minWidth: 0 }}>
      <Table<T> size="middle" scroll={{ x: 'max-content' }} pagination={false} {...table} />
    </div>
  )
}
