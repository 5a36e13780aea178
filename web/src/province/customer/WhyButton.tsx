import { QuestionCircleOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Loaded } from '../../frame/Outcome'
import { accessQuery } from './access'

/** Tells by which rules one sees the customer. */
export function WhyButton({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button icon={<QuestionCircleOutlined aria-hidden />} onClick={() => setOpen(true)} data-testid="why">
        {t('access.why')}
      </Button>
      <Modal open={open} title={t('access.why')} footer={null} destroyOnHidden onCancel={() => setOpen(false)} data-testid="why-dialog">
        <Why customerId={customerId} />
      </Modal>
    </>
  )
}

function Why({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const query = useQuery(accessQuery(customerId))
  return (
    <Loaded query={query}>
      {(access) => {
        const sights = { own: t('access.sightOwn'), named: t('access.sightNamed', { by: access.namedBy, until: access.until, reason: access.reason }), marks: t('access.sightMarks') }
        const reaches = {
          own: t('access.own'), unit: t('access.unit', { manager: access.manager, kind: access.unitKind && t(`unitKind.${access.unitKind}`), unit: access.unit }),
          deputy: t('access.deputy', { manager: access.manager, until: access.deputyUntil }),
          team: access.teamDuty && t('access.team', { duty: t(`teamDuty.${access.teamDuty}`), until: access.teamUntil }), province: t('access.province'),
        }
        return (
          <>
            <p>{t('access.note')}</p>
            <Grounds title={t('access.reach')} grounds={access.reach.map((rule) => reaches[rule])} />
            {access.sensitive && <Grounds title={t('access.sight')} grounds={access.sight.map((rule) => sights[rule])} />}
          </>
        )
      }}
    </Loaded>
  )
}

function Grounds({ title, grounds }: { title: string; grounds: string[] }) {
  return (
    <>
      <h3 style={{ fontSize: 14 }}>{title}</h3>
      <ul>
        {grounds.map((ground) => (
          <li key={ground} style={{ overflowWrap: 'anywhere' }}>
            {ground}
          </li>
        ))}
      </ul>
    </>
  )
}
