import { EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { useSession } from '../../api/session'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { SideForm } from '../../edit/SideForm'
import { Block } from '../../frame/Block'
import { Facts } from '../../frame/Facts'
import { Loaded } from '../../frame/Outcome'
import { useLanguage } from '../../language/LanguageProvider'
import { useReread } from '../overview/overview'
import { attributesQuery, nameOf, statedQuery, type Attribute, type Stated, type Values } from './attributes'
import { useShown } from './useShown'
import ValueInput from './ValueInput'

/** What the province asks of customers beyond the standard fields; nothing where it asks nothing. */
export function AttributesBlock({ customerId }: { customerId: number }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { may } = useSession()
  const shown = useShown()
  const [editing, setEditing] = useState(false)
  const definitions = useQuery(attributesQuery)
  const query = useQuery(statedQuery(customerId))
  const list = definitions.data?.items ?? []
  const asked = list.filter((a) => !a.retired)
  if (list.length === 0) return null
  const close = () => setEditing(false)
  return (
    <Block
      whole
      name="attributes"
      title={t('attributes.title')}
      actions={
        may('customer.change') && (
          <Button icon={<EditOutlined aria-hidden />} disabled={!query.data || asked.length === 0} onClick={() => setEditing(true)} data-testid="attributes-edit">
            {t('action.edit')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(stated) => (
          <>
            <Facts
              facts={Object.fromEntries(
                list.filter((a) => !a.retired || stated.values[a.code]).map((a) => [
                  a.retired ? t('attributes.retired', { name: nameOf(a, language) }) : nameOf(a, language),
                  shown(a, stated.values[a.code] ?? ''),
                ]),
              )}
            />
            <SideForm title={t('attributes.edit')} open={editing} onClose={close}>
              <AttributesForm customerId={customerId} asked={asked} stated={stated} onClose={close} />
            </SideForm>
          </>
        )}
      </Loaded>
    </Block>
  )
}

function AttributesForm({ customerId, asked, stated, onClose }: { customerId: number; asked: Attribute[]; stated: Stated; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { language } = useLanguage()
  const shown = useShown()
  const reread = useReread(customerId)
  const fields = asked.map((a): Field<Values> => ({
    name: a.code,
    label: nameOf(a, language),
    rules: a.required ? [{ required: true, whitespace: true, message: t('problem.input.required') }] : undefined,
    show: (value) => shown(a, value ?? ''),
    wide: a.kind === 'text' && a.longest > 100,
    input: <ValueInput attribute={a} />,
  }))
  return (
    <EditForm<Stated, Values>
      name="attributes"
      record={stated}
      factsOf={(record) => Object.fromEntries(asked.map((a) => [a.code, record.values[a.code] ?? '']))}
      fields={fields}
      save={(values, version) => answer(province.PUT('/api/customers/{id}/attributes', { params: { path: { id: customerId } }, body: { version, values } }))}
      onSaved={() => {
        void message.success(t('record.saved'))
        reread()
        onClose()
      }}
      onCancel={onClose}
    />
  )
}
