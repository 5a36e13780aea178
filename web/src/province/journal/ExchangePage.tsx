import { useQuery } from '@tanstack/react-query'
import { Empty } from 'antd'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded, UnknownPage } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useFormats } from '../../language/formats'
import { CodeMark } from './CodeMark'
import { exchangeQuery, type Exchange } from './exchanges'
import { indentXml } from './indentXml'

/** One exchange with its messages, personal data masked. */
export default function ExchangePage() {
  const { id = '' } = useParams()
  if (!/^[1-9]\d*$/.test(id)) return <UnknownPage />
  return <ExchangeOf id={Number(id)} />
}

function ExchangeOf({ id }: { id: number }) {
  const query = useQuery(exchangeQuery(id))
  return <Loaded query={query}>{(exchange) => <Blocks exchange={exchange} />}</Loaded>
}

function Blocks({ exchange: e }: { exchange: Exchange }) {
  const { t } = useTranslation()
  const { dateTime, integer, bytes } = useFormats()
  const none = t('value.none')
  const facts = {
    [t('exchange.at')]: dateTime(e.at),
    [t('exchange.direction')]: t(`direction.${e.direction}`),
    [t('exchange.origin')]: e.origin || none,
    [t('exchange.keyId')]: e.keyId || none,
    [t('exchange.remote')]: e.remote || none,
    [t('exchange.bip')]: e.bip || none,
    [t('exchange.activity')]: e.activity || none,
    [t('exchange.businessKey')]: e.businessKey || none,
    [t('exchange.transId')]: e.transId || none,
    [t('exchange.answerId')]: e.answerId || none,
    [t('exchange.httpStatus')]: e.httpStatus,
    [t('exchange.layer')]: e.layer || none,
    [t('exchange.fault')]: e.fault || none,
    [t('exchange.carriage')]: e.carriage || none,
    [t('exchange.charset')]: e.charset || none,
    [t('exchange.requestBytes')]: bytes(e.requestBytes),
    [t('exchange.duration')]: integer(Math.round(e.durationUs / 1000)),
  }
  return (
    <div data-testid="exchange" data-code={e.code}>
      <PageHead title={t('exchange.title', { id: e.id })} note={<CodeMark exchange={e} />} />
      <div className="stack">
        <Block name="exchange" title={t('exchange.facts')}>
          <Facts facts={facts} />
        </Block>
        <MessageBlock name="request" title={t('exchange.request')} message={e.request} />
        <MessageBlock name="reply" title={t('exchange.reply')} message={e.reply} />
      </div>
    </div>
  )
}

function MessageBlock({ name, title, message }: { name: string; title: string; message: string }) {
  return (
    <Block name={name} title={title}>
      {message ? (
        <pre className="document" data-testid={`exchange-${name}`}>
          {indentXml(message)}
        </pre>
      ) : (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} />
      )}
    </Block>
  )
}
