import { useTranslation } from 'react-i18next'
import { Mark } from '../../table/Mark'
import { success, type ExchangeRow } from './exchanges'

/** How an exchange ended: its code, and in words whether that is success. */
export function CodeMark({ exchange: e }: { exchange: ExchangeRow }) {
  const { t } = useTranslation()
  const good = e.code === success
  return (
    <>
      <Mark mood={good ? 'good' : 'bad'}>
        {e.code} {t(good ? 'exchange.succeeded' : 'exchange.refused')}
      </Mark>
      {e.repeated && <Mark mood="neutral">{t('exchange.repeated')}</Mark>}
    </>
  )
}
