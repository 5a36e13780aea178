import { CheckOutlined } from '@ant-design/icons'
import { Button, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../api/session'
import type { CustomerFilterState } from '../customer/customers'

type Chip = { name: 'mine' | 'team' | 'week' | 'due' | 'unassigned' | 'sensitive'; on: Partial<CustomerFilterState>; off: Partial<CustomerFilterState>; shown?: boolean }

/** In how many days a contract is soon to end. */
const soon = 30

/** Filters that are asked for every day, one click each. */
export function QuickChips({ state, change }: { state: CustomerFilterState; change: (patch: Partial<CustomerFilterState>) => void }) {
  const { t } = useTranslation()
  const { session, may } = useSession()
  const chips: Chip[] = [
    { name: 'mine', on: { mine: 'true' }, off: { mine: '' }, shown: session.role === 'account_manager' },
    { name: 'team', on: { team: 'true' }, off: { team: '' }, shown: session.role !== 'province_administrator' },
    { name: 'week', on: { changed: 'week' }, off: { changed: '' } },
    { name: 'due', on: { due: soon }, off: { due: 0 } },
    { name: 'unassigned', on: { unassigned: 'true' }, off: { unassigned: '' }, shown: session.role === 'province_administrator' },
    { name: 'sensitive', on: { sensitive: 'true' }, off: { sensitive: '' }, shown: may('customer.sensitive') || session.role === 'account_manager' },
  ]
  return (
    <Space wrap size={8} style={{ marginTop: 8 }} role="group" aria-label={t('chip.label')} data-testid="chips">
      {chips
        .filter(({ shown = true }) => shown)
        .map(({ name, on, off }) => {
          const pressed = (Object.keys(on) as (keyof CustomerFilterState)[]).every((key) => state[key] === on[key])
          return (
            <Button
              key={name}
              size="small"
              shape="round"
              type={pressed ? 'primary' : 'default'}
              icon={pressed && <CheckOutlined aria-hidden />}
              aria-pressed={pressed}
              onClick={() => change(pressed ? off : on)}
              data-testid={`chip-${name}`}
            >
              {t(`chip.${name}`, { days: soon })}
            </Button>
          )
        })}
    </Space>
  )
}
