import { DownloadOutlined } from '@ant-design/icons'
import { Button, Collapse, Empty, type TableColumnsType } from 'antd'
import { useTranslation } from 'react-i18next'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { useFormats } from '../../language/formats'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { readCertificate, type TableProof } from './certificate'

/** What both nodes signed, in short and in full. */
export function CertificateBlock({ certificate, id }: { certificate: unknown; id: number }) {
  const { t } = useTranslation()
  if (!certificate) {
    return (
      <Block name="certificate" title={t('certificate.title')}>
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('certificate.missing')} />
      </Block>
    )
  }
  const document = JSON.stringify(certificate, null, 2)
  return (
    <Block
      name="certificate"
      title={t('certificate.title')}
      actions={
        // As the server has it: keys beyond what a browser counts exactly must not change.
        <Button icon={<DownloadOutlined aria-hidden />} href={`/api/reconciliations/${id}/certificate`}>
          {t('certificate.download')}
        </Button>
      }
    >
      <Summary certificate={certificate} />
      <Collapse ghost items={[{ key: 'document', label: t('certificate.document'), children: <pre className="document">{document}</pre> }]} />
    </Block>
  )
}

function Summary({ certificate }: { certificate: unknown }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const read = readCertificate(certificate)
  if (!read) return null
  const hash = (text: string) => <span className="document">{text || t('value.none')}</span>
  const facts = {
    [t('certificate.sequence')]: integer(read.statement.sequence),
    [t('run.point')]: read.statement.point,
    [t('certificate.digest')]: hash(read.digest),
    [t('certificate.previous')]: hash(read.statement.previous),
    [t('certificate.national')]: hash(read.national.key),
    [t('certificate.province')]: hash(read.province.key),
  }
  const side = (name: 'province' | 'national') => ({
    title: t(`certificate.${name}Rows`), align: 'right' as const,
    render: (_: unknown, p: TableProof) => <span className="figure">{integer(p[name].rows)}</span>,
  })
  const columns: TableColumnsType<TableProof> = [
    { title: t('difference.table'), dataIndex: 'table' },
    { title: t('certificate.columns'), align: 'right', render: (_, p) => p.columns && <span className="figure">{integer(p.columns.length)}</span> },
    side('province'),
    side('national'),
    { title: t('certificate.ranges'), align: 'right', render: (_, p) => <span className="figure">{integer(p.ranges)}</span> },
    {
      title: t('certificate.equal'),
      render: (_, p) =>
        p.province.digest === p.national.digest ? (
          <Mark mood="good">{t('certificate.same')}</Mark>
        ) : (
          <Mark mood="bad">{t('certificate.different', { ranges: integer(p.differentRanges) })}</Mark>
        ),
    },
  ]
  return (
    <>
      <Facts facts={facts} />
      <DataTable<TableProof> label={t('certificate.title')} rowKey="table" columns={columns} dataSource={read.statement.tables} />
    </>
  )
}
