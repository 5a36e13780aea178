import { Typography } from 'antd'
import type { ReactNode } from 'react'
import { usePageTitle } from './usePageTitle'

/** A page's heading with what can be done on the page. */
export function PageHead({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  usePageTitle(title)
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '8px 16px', marginBottom: 16 }}>
      <Typography.Title level={1} style={{ fontSize: 22, margin: 0, overflowWrap: 'anywhere' }} data-testid="page-title">
        {title}
      </Typography.Title>
      {note && <Typography.Text type="secondary">{note}</Typography.Text>}
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, marginInlineStart: 'auto' }}>{children}</div>
    </div>
  )
}
