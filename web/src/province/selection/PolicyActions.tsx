import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { policyListQuery, policyQuery, type Policy } from './policies'

/** What can be done with a version where it stands. */
export function PolicyActions({ policy }: { policy: Policy }) {
  const { t } = useTranslation()
  const { may, session } = useSession()
  const open = policy.state === 'draft' || policy.state === 'tried' || policy.state === 'approved'
  const rolls = policy.state === 'applying' || policy.state === 'returning'
  const paused = policy.rollout?.paused ?? false
  const act = useAct(policy.version)
  const button = (action: Action, primary = false) => (
    <Button type={primary ? 'primary' : 'default'} loading={act.isPending && act.variables === action} onClick={() => act.mutate(action)} data-testid={`policy-${action}`}>
      {t(`policyAction.${action}`)}
    </Button>
  )
  return (
    <>
      {may('selection.change') && open && button('trial', policy.state === 'draft')}
      {may('selection.approve') && policy.state === 'tried' && policy.author !== session.login && button('approval', true)}
      {may('selection.change') && rolls && button(paused ? 'resume' : 'pause')}
      {may('selection.change') && policy.origin !== 'headquarters' && (open || policy.state === 'applying') && (
        <Popconfirm
          title={t(policy.state === 'applying' ? 'policy.confirmReturn' : 'policy.confirmCancel')}
          okText={t('policyAction.cancel')}
          cancelText={t('action.cancel')}
          onConfirm={() => act.mutate('cancel')}
        >
          <Button danger loading={act.isPending && act.variables === 'cancel'} data-testid="policy-cancel">
            {t('policyAction.cancel')}
          </Button>
        </Popconfirm>
      )}
    </>
  )
}

type Action = 'trial' | 'approval' | 'pause' | 'resume' | 'cancel'

function useAct(version: number) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (action: Action) => answer(province.POST(`/api/selection-policies/{version}/${action}`, { params: { path: { version } } })),
    onSuccess: (policy) => {
      client.setQueryData(policyQuery(version).queryKey, policy)
      void client.invalidateQueries({ queryKey: policyListQuery.queryKey })
    },
    onError: (error) => {
      void client.invalidateQueries({ queryKey: policyQuery(version).queryKey })
      void message.error(problemText(t, error))
    },
  })
}
