import { Card, Typography } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../language/formats'

/** The system that states something, and as of when. */
export interface Freshness {
  source: 'crm' | 'boss' | 'billing'
  asOf: string
}

interface Props {
  name: string
  title: string
  /** Where that is known. */
  freshness?: Freshness
  actions?: ReactNode
  /** Takes the page's whole width. */
  whole?: boolean
  children: ReactNode
}

/** A part of a page with its heading, its actions, and where its data comes from. */
export function Block({ name, title, freshness, actions, whole, children }: Props) {
  const { t } = useTranslation()
  const { dateTime } = useFormats()
  return (
    <Card
      size="small"
      id={`block-${name}`}
      styles={{ header: { paddingBlock: 8 } }}
      className={whole ? 'whole' : undefined}
      data-testid={`block-${name}`}
      title={
        <div style={{ whiteSpace: 'normal' }}>
          <Typography.Title level={2} style={{ fontSize: 16, margin: 0, display: 'inline' }}>
            {title}
          </Typography.Title>{' '}
          {freshness && (
            <Typography.Text type="secondary" style={{ fontSize: 12, fontWeight: 'normal' }}>
              {t('block.freshness', { source: t(`source.${freshness.source}`), time: dateTime(freshness.asOf) })}
            </Typography.Text>
          )}
        </div>
      }
      extra={actions}
    >
      {children}
    </Card>
  )
}
