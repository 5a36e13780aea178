import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../api/client'
import { problemText } from '../api/problem'
import { Block } from '../frame/Block'
import { Facts } from '../frame/Facts'
import { useFormats } from '../language/formats'
import { Mark } from '../table/Mark'
import { verificationsQuery, type Verification } from './trail'

const moods = { running: 'waiting', holds: 'good', broken: 'bad', failed: 'warning' } as const

/** Whether the chain of the trail holds, as it was found last, and the way to find out now. */
export function VerificationBlock() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const query = useQuery(verificationsQuery)
  const start = useMutation({
    mutationFn: () => answer(province.POST('/api/audit/verifications')),
    onError: (error) => void message.error(problemText(t, error)),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: verificationsQuery.queryKey })
      void client.invalidateQueries({ queryKey: ['trail'] })
    },
  })
  const last = query.data?.items[0]
  return (
    <Block
      name="verification"
      title={t('verification.title')}
      actions={
        <Button
          icon={<SafetyCertificateOutlined aria-hidden />}
          loading={start.isPending || last?.state === 'running'}
          disabled={!query.data}
          onClick={() => start.mutate()}
          data-testid="verification-start"
        >
          {t('verification.start')}
        </Button>
      }
    >
      {last ? <Found verification={last} /> : query.data && t('verification.never')}
    </Block>
  )
}

function Found({ verification: v }: { verification: Verification }) {
  const { t } = useTranslation()
  const { dateTime, integer } = useFormats()
  const facts = {
    [t('verification.result')]: (
      <span data-testid="verification-state" data-state={v.state}>
        <Mark mood={moods[v.state]}>{t(`verificationState.${v.state}`)}</Mark>
      </span>
    ),
    [t('verification.startedAt')]: `${dateTime(v.startedAt)} · ${v.startedBy}`,
    ...(v.brokenSeal > 0 && { [t('verification.brokenSeal')]: `${integer(v.brokenSeal)} · ${v.reason}` }),
    ...(v.state === 'failed' && { [t('verification.reason')]: v.reason }),
    ...(v.state === 'holds' && {
      [t('verification.lines')]: integer(v.lines),
      [t('verification.unsealed')]: integer(v.unsealed),
      [t('verification.lastHash')]: <code style={{ overflowWrap: 'anywhere' }}>{v.lastHash || t('value.none')}</code>,
    }),
  }
  return <Facts facts={facts} />
}
