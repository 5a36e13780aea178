import { DatePicker, Input } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { FilterItem, Filters, OneFilter } from '../../table/Filters'
import { useDraft } from '../../table/useDraft'
import type { JournalState } from './exchanges'

interface Props {
  state: JournalState
  change: (patch: Partial<JournalState>) => void
}

const words = ['businessKey', 'partner', 'transId', 'code'] as const
const all: Partial<JournalState> = { from: '', to: '', partner: '', transId: '', businessKey: '', code: '', direction: '' }
const local = 'YYYY-MM-DDTHH:mm'

/** What the journal is narrowed by. Numbers are looked for as a whole, so they are asked for on Enter. */
export function JournalFilters({ state, change }: Props) {
  const { t } = useTranslation()
  const [first, ...others] = words.map((name) => (
    <FilterItem key={name} name={name} label={t(`exchange.${name}`)}>
      <Word id={`filter-${name}`} value={state[name]} onSearch={(word) => change({ [name]: word })} />
    </FilterItem>
  ))
  return (
    <Filters first={first} onReset={() => change(all)}>
      {others}
      <OneFilter
        name="direction"
        label={t('exchange.direction')}
        value={state.direction}
        options={[
          { value: '', label: t('filter.all') },
          { value: 'in', label: t('direction.in') },
          { value: 'out', label: t('direction.out') },
        ]}
        onChange={(direction) => change({ direction })}
      />
      {(['from', 'to'] as const).map((name) => (
        <FilterItem key={name} name={name} label={t(`exchange.${name}`)}>
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

function Word({ id, value, onSearch }: { id: string; value: string; onSearch: (word: string) => void }) {
  const [typed, setTyped] = useDraft(value)
  const search = (word: string) => {
    if (word.trim() !== value) onSearch(word.trim())
  }
  return (
    <Input
      id={id}
      value={typed}
      allowClear
      maxLength={64}
      onChange={(event) => {
        setTyped(event.target.value)
        if (event.target.value === '') search('')
      }}
      onPressEnter={() => search(typed)}
      onBlur={() => search(typed)}
      data-testid={id}
    />
  )
}
