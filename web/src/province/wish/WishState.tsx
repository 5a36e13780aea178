import { Typography } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { Mark } from '../../table/Mark'
import { wishMoods, type Wish } from './wishes'

/** Where a wish stands, and by when it is wanted. */
export function WishState({ wish }: { wish: Pick<Wish, 'status' | 'wantedOn'> }) {
  const { t } = useTranslation()
  const late = wish.status === 'open' && wish.wantedOn !== '' && wish.wantedOn < dayjs().format('YYYY-MM-DD')
  return (
    <>
      <Mark mood={late ? 'bad' : wishMoods[wish.status]}>{t(late ? 'wish.overdue' : `wishStatus.${wish.status}`)}</Mark>
      {wish.wantedOn && <Typography.Text type="secondary">{t('wish.by', { day: wish.wantedOn })} </Typography.Text>}
    </>
  )
}
