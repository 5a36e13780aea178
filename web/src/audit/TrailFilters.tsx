import { DatePicker, Input, InputNumber } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { useSession } from '../api/session'
import { FilterItem, Filters, OneFilter } from '../table/Filters'
import { useDraft } from '../table/useDraft'
import type { TrailState } from './trail'

interface Props {
  state: TrailState
  change: (patch: Partial<TrailState>) => void
  onReset: () => void
}

const local = 'YYYY-MM-DDTHH:mm'

/** The choices that a family of texts has: every action and every kind of record that has a name. */
function useNamed(family: string): { value: string; label: string }[] {
  const { t, i18n } = useTranslation()
  const texts = i18n.getResourceBundle(i18n.language, 'translation') as Record<string, string>
  const named = Object.entries(texts).filter(([key]) => key.startsWith(family))
  return [{ value: '', label: t('filter.all') }, ...named.map(([key, label]) => ({ value: key.slice(family.length), label }))]
}

/** What the trail is narrowed by. Logins and numbers are looked for as a whole, so they are asked for on Enter. */
export function TrailFilters({ state, change, onReset }: Props) {
  const { t } = useTranslation()
  const inProvince = useSession().session.node.level === 'province'
  const actions = useNamed('audit.')
  const kinds = useNamed('auditKind.')
  return (
    <Filters
      first={
        <FilterItem name="actor" label={t('trail.actor')}>
          <Login value={state.actor} onSearch={(actor) => change({ actor })} />
        </FilterItem>
      }
      onReset={onReset}
    >
      <OneFilter name="action" label={t('trail.action')} value={state.action} options={actions} onChange={(action) => change({ action })} />
      <OneFilter name="kind" label={t('trail.kind')} value={state.kind} options={kinds} onChange={(kind) => change({ kind, record: 0 })} />
      {state.kind !== '' && <NumberFilter name="record" label={t('trail.recordNumber')} value={state.record} onSearch={(record) => change({ record })} />}
      {inProvince && <NumberFilter name="customer" label={t('trail.customer')} value={state.customer} onSearch={(customer) => change({ customer })} />}
      {(['from', 'to'] as const).map((name) => (
        <FilterItem key={name} name={name} label={t(`trail.${name}`)}>
          <DatePicker
            id={`filter-${name}`}
            showTime={{ format: 'HH:mm' }}
            format="YYYY-MM-DD HH:mm"
            value={state[name] ? dayjs(state[name]) : null}
            onChange={(moment) => change({ [name]: moment ? moment.format(local) : '' })}
            style={{ width: '100%' }}
          />
        </FilterItem>
      ))}
    </Filters>
  )
}

function Login({ value, onSearch }: { value: string; onSearch: (login: string) => void }) {
  const [typed, setTyped] = useDraft(value)
  const search = (login: string) => {
    if (login.trim() !== value) onSearch(login.trim())
  }
  return (
    <Input
      id="filter-actor"
      value={typed}
      allowClear
      maxLength={80}
      onChange={(event) => {
        setTyped(event.target.value)
        if (event.target.value === '') search('')
      }}
      onPressEnter={() => search(typed)}
      onBlur={() => search(typed)}
      data-testid="filter-actor"
    />
  )
}

interface NumberProps {
  name: string
  label: string
  value: number
  onSearch: (value: number) => void
}

function NumberFilter({ name, label, value, onSearch }: NumberProps) {
  const [typed, setTyped] = useDraft(value)
  const search = () => {
    if (typed !== value) onSearch(typed)
  }
  return (
    <FilterItem name={name} label={label}>
      <InputNumber
        id={`filter-${name}`}
        value={typed || null}
        min={1}
        precision={0}
        controls={false}
        onChange={(next) => setTyped(next ?? 0)}
        onPressEnter={search}
        onBlur={search}
        style={{ width: '100%' }}
        data-testid={`filter-${name}`}
      />
    </FilterItem>
  )
}
