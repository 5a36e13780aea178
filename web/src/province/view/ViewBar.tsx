import { DeleteOutlined, ProfileOutlined, SaveOutlined, ShareAltOutlined, StarFilled, StarOutlined, UndoOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Popconfirm, Select, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { SideForm } from '../../edit/SideForm'
import { Mark } from '../../table/Mark'
import { DisplaySelect } from '../group/DisplaySelect'
import { ColumnChooser } from './ColumnChooser'
import { QuickChips } from './QuickChips'
import { useColumnNames } from './useColumnNames'
import { ViewForm } from './ViewForm'
import { settingsOf, viewsQuery, type View, type ViewedList } from './views'

/** Which view the list begins with, what is other than there, and what can be done with it. */
export default function ViewBar({ list }: { list: ViewedList }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const nameOf = useColumnNames()
  const { state, change, open, view, views, unknown, changed } = list
  const [beside, setBeside] = useState<'columns' | 'new' | 'edit'>()
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSuccess: () => void message.success(t('record.saved')),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: () => client.invalidateQueries({ queryKey: viewsQuery.queryKey }),
  })
  const save = ({ id, version, name, audience, unitId }: View) =>
    act.mutate(async () => {
      const body = { version, name, audience, unitId, settings: settingsOf(state) }
      await answer(province.PUT('/api/views/{id}', { params: { path: { id } }, body }))
      await client.refetchQueries({ queryKey: viewsQuery.queryKey })
      open(id, true)
    })
  const begin = (id: number) => act.mutate(() => answer(province.PUT('/api/default-view', { body: { id } })))
  const remove = ({ id }: View) =>
    act.mutate(async () => {
      await answer(province.DELETE('/api/views/{id}', { params: { path: { id } } }))
      await client.refetchQueries({ queryKey: viewsQuery.queryKey })
      open(0, true)
    })
  const option = (v: View) => ({ value: v.id, label: v.own ? v.name : t('view.by', { name: v.name, owner: v.ownerName }) })
  const [own, shared] = [views.filter((v) => v.own), views.filter((v) => !v.own)]
  return (
    <div style={{ marginBottom: 12 }} data-testid="view-bar">
      <Space wrap>
        <label htmlFor="view-select">{t('view.label')}</label>
        <Select
          id="view-select"
          value={view?.id ?? 0}
          onChange={(id: number) => open(id)}
          showSearch={{ optionFilterProp: 'label' }}
          popupMatchSelectWidth={320}
          style={{ width: 220, maxWidth: '60vw' }}
          options={[
            { value: 0, label: t('view.whole') },
            ...(own.length > 0 ? [{ label: t('view.own'), options: own.map(option) }] : []),
            ...(shared.length > 0 ? [{ label: t('view.shared'), options: shared.map(option) }] : []),
          ]}
          data-testid="view-select"
        />
        {view && !view.own && <Mark mood="neutral">{view.audience === 'public' ? t('view.public') : view.unitName}</Mark>}
        {view && changed && (
          <Mark mood="warning" data-testid="view-changed">
            {t('view.changed')}
          </Mark>
        )}
        <DisplaySelect state={state} change={change} />
        <Button icon={<ProfileOutlined aria-hidden />} onClick={() => setBeside('columns')} data-testid="view-columns">
          {t('view.columns')}
        </Button>
        {view?.mayChange && changed && (
          <Button icon={<SaveOutlined aria-hidden />} loading={act.isPending} onClick={() => save(view)} data-testid="view-save">
            {t('view.save')}
          </Button>
        )}
        {view && changed && (
          <Button icon={<UndoOutlined aria-hidden />} onClick={() => open(view.id)} data-testid="view-revert">
            {t('view.revert')}
          </Button>
        )}
        <Button icon={<SaveOutlined aria-hidden />} onClick={() => setBeside('new')} data-testid="view-save-as">
          {t('view.saveAs')}
        </Button>
        {view?.mayChange && (
          <Button icon={<ShareAltOutlined aria-hidden />} onClick={() => setBeside('edit')} data-testid="view-edit">
            {t('view.edit')}
          </Button>
        )}
        {view && (
          <Button
            icon={view.default ? <StarFilled aria-hidden /> : <StarOutlined aria-hidden />}
            aria-pressed={view.default}
            onClick={() => begin(view.default ? 0 : view.id)}
            data-testid="view-default"
          >
            {t('view.default')}
          </Button>
        )}
        {view?.mayChange && (
          <Popconfirm title={t('view.removeConfirm', { name: view.name })} okText={t('action.remove')} cancelText={t('action.cancel')} onConfirm={() => remove(view)}>
            <Button icon={<DeleteOutlined aria-hidden />} aria-label={t('view.remove', { name: view.name })} data-testid="view-remove" />
          </Popconfirm>
        )}
      </Space>
      <div>
        <QuickChips state={state} change={change} />
      </div>
      {unknown && <Alert type="warning" showIcon title={t('view.unknown')} style={{ marginTop: 8 }} data-testid="view-unknown" />}
      {view && view.missing.length > 0 && (
        <Alert type="warning" showIcon title={t('view.missing', { names: view.missing.map(nameOf).join('、') })} style={{ marginTop: 8 }} data-testid="view-missing" />
      )}
      <SideForm
        title={t(beside === 'columns' ? 'view.columns' : beside === 'edit' ? 'view.edit' : 'view.saveAs')}
        open={beside !== undefined}
        onClose={() => setBeside(undefined)}
      >
        {beside === 'columns' ? (
          <ColumnChooser value={state.columns} onChange={(columns) => change({ columns }, true)} />
        ) : (
          <ViewForm
            view={beside === 'edit' ? view : undefined}
            settings={settingsOf(state)}
            onSaved={(id) => {
              setBeside(undefined)
              if (beside === 'new') open(id, true)
            }}
            onClose={() => setBeside(undefined)}
          />
        )}
      </SideForm>
    </div>
  )
}
