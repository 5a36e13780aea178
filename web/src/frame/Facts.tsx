import { Descriptions } from 'antd'
import type { ReactNode } from 'react'

/** What is known about one thing, by name. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, sm: 2, lg: 3 }}
      items={Object.entries(facts).map(([label, value]) => ({
        key: label, label, children: <span style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>{value}</span>,
      }))}
    />
  )
}
