import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { App, Button, Popconfirm, Space, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { currentOf, problemText } from '../../api/problem'
import { useSession } from '../../api/session'
import { SideForm } from '../../edit/SideForm'
import { Block, type Freshness } from '../../frame/Block'
import { DataTable } from '../../table/DataTable'
import { Mark } from '../../table/Mark'
import { useReread } from '../overview/overview'
import { ContactForm } from './ContactForm'
import { personalFacts, type Contact } from './contacts'
import { Personal } from './Personal'

interface Props {
  customerId: number
  contacts: Contact[]
  freshness?: Freshness
}

/** The people at a customer. */
export function ContactsBlock({ customerId, contacts, freshness }: Props) {
  const { t } = useTranslation()
  const { may } = useSession()
  const [edited, setEdited] = useState<Contact | 'new'>()
  const close = () => setEdited(undefined)
  const change = may('contact.change')
  const columns: TableColumnsType<Contact> = [
    { title: t('contact.name'), dataIndex: 'name' },
    { title: t('contact.role'), render: (_, c) => t(`contactRole.${c.role}`) },
    { title: t('contact.decisionRole'), render: (_, c) => t(`decisionRole.${c.part}`) },
    { title: t('contact.title'), render: (_, c) => c.title || t('value.none') },
    ...personalFacts.map((field) => ({
      title: t(`contact.${field}`),
      render: (_: unknown, c: Contact) => <Personal key={`${c.id}-${c.version}`} contact={c} field={field} />,
    })),
    { title: t('keyPerson.preference'), render: (_, c) => <Preference contact={c} /> },
    { title: t('contact.source'), render: (_, c) => t(`contactSource.${c.source}`) },
    ...(change
      ? [{
          title: t('list.actions'),
          render: (_: unknown, c: Contact) => <Actions contact={c} onEdit={() => setEdited(c)} />,
        }]
      : []),
  ]
  return (
    <Block
      whole
      name="contacts"
      title={t('overview.contacts', { count: contacts.length })}
      freshness={freshness}
      actions={
        change && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')} data-testid="contact-new">
            {t('contact.new')}
          </Button>
        )
      }
    >
      <DataTable<Contact>
        label={t('overview.contacts', { count: contacts.length })}
        rowKey="id"
        columns={columns}
        dataSource={contacts}
        onRow={(c) => ({ 'data-testid': `contact-row-${c.id}` }) as object}
      />
      <SideForm title={t(edited === 'new' ? 'contact.new' : 'contact.edit')} open={edited !== undefined} onClose={close}>
        <ContactForm customerId={customerId} contact={edited === 'new' ? undefined : edited} onClose={close} />
      </SideForm>
    </Block>
  )
}

/** How a person wants to be reached. */
function Preference({ contact }: { contact: Contact }) {
  const { t } = useTranslation()
  if (contact.doNotContact) return <Mark mood="bad">{t('contact.doNotContact')}</Mark>
  const hours = contact.hoursFrom && t('keyPerson.hours', { from: contact.hoursFrom, to: contact.hoursTo })
  return `${t(`channel.${contact.channel}`)} ${hours}`
}

function Actions({ contact, onEdit }: { contact: Contact; onEdit: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useReread(contact.customerId)
  const remove = useMutation({
    mutationFn: () =>
      answer(province.DELETE('/api/contacts/{id}', { params: { path: { id: contact.id }, query: { version: contact.version } } })),
    onSuccess: () => void message.success(t('record.removed')),
    // A contact that was changed meanwhile is shown as it is now before anybody removes it.
    onError: (error) => void message.error(currentOf(error) ? t('contact.changedMeanwhile') : problemText(t, error)),
    onSettled: reread,
  })
  return (
    <Space>
      <Button size="small" icon={<EditOutlined aria-hidden />} onClick={onEdit} data-testid={`contact-edit-${contact.id}`}>
        {t('action.edit')}
      </Button>
      {contact.source === 'portal' && (
        <Popconfirm title={t('contact.removeConfirm', { name: contact.name })} okText={t('action.remove')} onConfirm={() => remove.mutate()}>
          <Button size="small" danger icon={<DeleteOutlined aria-hidden />} loading={remove.isPending} data-testid={`contact-remove-${contact.id}`}>
            {t('action.remove')}
          </Button>
        </Popconfirm>
      )}
    </Space>
  )
}
