import {
  CheckCircleOutlined, ClockCircleOutlined, CloseCircleOutlined, ExclamationCircleOutlined, MinusCircleOutlined, SyncOutlined,
} from '@ant-design/icons'
import { Tag } from 'antd'
import type { ReactNode } from 'react'

/** How good news something is. */
export type Mood = 'good' | 'busy' | 'waiting' | 'warning' | 'bad' | 'neutral'

// A colour never stands alone: each has an icon, and the text says it in words.
const looks: Record<Mood, { color: string; icon: ReactNode }> = {
  good: { color: 'success', icon: <CheckCircleOutlined aria-hidden /> },
  busy: { color: 'processing', icon: <SyncOutlined aria-hidden /> },
  waiting: { color: 'default', icon: <ClockCircleOutlined aria-hidden /> },
  warning: { color: 'warning', icon: <ExclamationCircleOutlined aria-hidden /> },
  bad: { color: 'error', icon: <CloseCircleOutlined aria-hidden /> },
  neutral: { color: 'default', icon: <MinusCircleOutlined aria-hidden /> },
}

/** A state as icon, colour and text. */
export function Mark({ mood, children, ...rest }: { mood: Mood; children: ReactNode; 'data-testid'?: string }) {
  const { color, icon } = looks[mood]
  return (
    <Tag color={color} icon={icon} {...rest}>
      {children}
    </Tag>
  )
}
