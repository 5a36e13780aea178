import { EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SideForm } from '../../edit/SideForm'
import { Loaded } from '../../frame/Outcome'
import { PageHead } from '../../frame/PageHead'
import { useLanguage } from '../../language/LanguageProvider'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { AttributeForm } from './AttributeForm'
import { attributesQuery, nameOf, type Attribute } from './attributes'

/** The custom attributes of customers. */
export default function AttributeListPage() {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const query = useQuery(attributesQuery)
  const [edited, setEdited] = useState<Attribute | 'new'>()
  const close = () => setEdited(undefined)
  const columns: TableColumnsType<Attribute> = [
    { title: t('attribute.name'), render: (_, a) => nameOf(a, language) },
    { title: t('attribute.code'), dataIndex: 'code' },
    { title: t('attribute.kind'), render: (_, a) => t(`attributeKind.${a.kind}`) },
    { title: t('attribute.position'), dataIndex: 'position' },
    { title: t('attribute.required'), render: (_, a) => t(a.required ? 'value.yes' : 'value.no') },
    { title: t('attribute.state'), render: (_, a) => <Mark mood={a.retired ? 'neutral' : 'good'}>{t(a.retired ? 'attribute.retired' : 'attribute.asked')}</Mark> },
    {
      title: t('list.actions'),
      render: (_, a) => (
        <Button size="small" icon={<EditOutlined aria-hidden />} onClick={() => setEdited(a)} data-testid={`attribute-edit-${a.code}`}>
          {t('action.edit')}
        </Button>
      ),
    },
  ]
  return (
    <>
      <PageHead title={t('attributes.page')}>
        <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="attribute-new">
          {t('attribute.new')}
        </Button>
      </PageHead>
      <Card size="small">
        <Loaded query={query}>
          {(page) => <DataTable<Attribute> label={t('attributes.page')} rowKey="id" columns={columns} dataSource={page.items} pagination={false} />}
        </Loaded>
      </Card>
      <SideForm title={t(edited === 'new' ? 'attribute.new' : 'attribute.edit')} open={edited !== undefined} onClose={close}>
        <AttributeForm attribute={edited === 'new' ? undefined : edited} onClose={close} />
      </SideForm>
    </>
  )
}
