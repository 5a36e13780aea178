import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { organisationQuery } from '../customer/customers'
import { viewsQuery, type Settings, type View } from './views'

interface Facts {
  name: string
  /** private, public, or the id of a team. */
  audience: string
  settings: Settings
}

const factsOf = ({ name, audience, unitId, settings }: View): Facts => ({ name, audience: audience === 'team' ? String(unitId) : audience, settings })

interface Props {
  /** What is renamed or shared; none: settings are kept under a new name. */
  view?: View
  settings: Settings
  onSaved: (id: number) => void
  onClose: () => void
}

/** Names a view and says who sees it. */
export function ViewForm({ view, settings, onSaved, onClose }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const { message } = App.useApp()
  const client = useQueryClient()
  const units = useQuery(organisationQuery).data?.units ?? []
  const audiences = [
    { value: 'private', label: t('view.private') },
    ...units
      .filter((u) => u.active && (u.kind === 'department' || u.kind === 'city'))
      .map((u) => ({ value: String(u.id), label: t('view.team', { unit: u.name }) })),
    ...(may('view.publish') ? [{ value: 'public', label: t('view.public') }] : []),
  ]
  if (view?.audience === 'team' && !audiences.some((a) => a.value === String(view.unitId))) {
    audiences.push({ value: String(view.unitId), label: t('view.team', { unit: view.unitName }) })
  }
  const required = { required: true, whitespace: true, message: t('problem.input.required') }
  const fields: Field<Facts>[] = [
    { name: 'name', label: t('view.name'), rules: [required], wide: true, input: <Input maxLength={60} /> },
    {
      name: 'audience', label: t('view.audience'), wide: true, help: t('view.audienceHelp'), input: <Select showSearch={{ optionFilterProp: 'label' }} options={audiences} />,
      show: (value) => audiences.find((a) => a.value === value)?.label ?? String(value),
    },
  ]
  return (
    <EditForm<View, Facts>
      name="view"
      record={view}
      initial={{ name: '', audience: 'private', settings }}
      factsOf={factsOf}
      fields={fields}
      locked={['settings']} // as it is stored, whatever the list shows now
      save={({ name, audience, settings: stored }, version) => {
        const unitId = Number(audience) || 0
        const stated = { name, unitId, audience: unitId ? ('team' as const) : (audience as 'private' | 'public') }
        if (!view) return answer(province.POST('/api/views', { body: { ...stated, settings } }))
        return answer(province.PUT('/api/views/{id}', { params: { path: { id: view.id } }, body: { ...stated, version, settings: stored } }))
      }}
      onSaved={(saved) => {
        void message.success(t(view ? 'record.saved' : 'record.created'))
        void client.refetchQueries({ queryKey: viewsQuery.queryKey }).then(() => onSaved(saved.id))
      }}
      onCancel={onClose}
    />
  )
}
