import { Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { boardOf, groupings, type CustomerListState } from '../customer/customers'
import { groupTexts } from './groups'

type Display = Pick<CustomerListState, 'group' | 'display'>

const displays: Display[] = [
  { group: '', display: 'list' },
  ...groupings.map((group) => ({ group, display: 'list' as const })),
  { group: 'class', display: 'kanban' },
  { group: 'lifecycle', display: 'kanban' },
]

/** Whether the list shows customers, groups of them or a board. */
export function DisplaySelect({ state, change }: { state: CustomerListState; change: (patch: Display) => void }) {
  const { t } = useTranslation()
  const nameOf = ({ group, display }: Display) => {
    if (group === '') return t('group.none')
    return t(display === 'kanban' ? 'group.board' : 'group.by', { field: t(groupTexts[group]) })
  }
  const shown = displays.findIndex((d) => d.group === state.group && d.display === (boardOf(state) ? 'kanban' : 'list'))
  return (
    <Space>
      <label htmlFor="display-select">{t('group.display')}</label>
      <Select
        id="display-select"
        value={shown}
        onChange={(i: number) => displays[i] && change(displays[i])}
        showSearch={{ optionFilterProp: 'label' }}
        popupMatchSelectWidth={240}
        style={{ width: 180 }}
        options={displays.map((d, value) => ({ value, label: nameOf(d) }))}
        data-testid="display-select"
      />
    </Space>
  )
}
