import { useQuery } from '@tanstack/react-query'
import { App, Input, Select, Switch, Typography } from 'antd'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, province } from '../../api/client'
import { DateInput } from '../../edit/DateInput'
import { EditForm } from '../../edit/EditForm'
import type { Field } from '../../edit/field'
import { TimeInput } from '../../edit/TimeInput'
import { Loaded } from '../../frame/Outcome'
import type { Contact } from '../contact/contacts'
import { addEach, type Owner } from '../document/documents'
import DocumentsPanel from '../document/DocumentsPanel'
import { FilesToAdd } from '../document/FilesToAdd'
import { useReread } from '../overview/overview'
import { interactionChannels, interactionFactsOf, type Interaction, type InteractionFacts } from './interactions'

interface Props {
  customerId: number
  contacts: Contact[]
  /** None for a new one. */
  interactionId?: number
  onClose: () => void
}

/** Enters what was said and done with a customer, or corrects it. */
export default function InteractionForm(props: Props) {
  return props.interactionId === undefined ? <Form {...props} /> : <Correction {...props} id={props.interactionId} />
}

function Correction({ id, ...props }: Props & { id: number }) {
  const query = useQuery({
    queryKey: ['interaction', id],
    queryFn: ({ signal }) => answer(province.GET('/api/interactions/{id}', { params: { path: { id } }, signal })),
    gcTime: 0, // the form begins with what is stored now
  })
  return <Loaded query={query}>{(interaction) => <Form {...props} interaction={interaction} />}</Loaded>
}

/** An interaction, and of the files that were sent with it those that were not taken. */
type Saved = Interaction & { refused?: string[] }

function Form({ customerId, contacts, interaction, onClose }: Props & { interaction?: Interaction }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reread = useReread(customerId)
  const [files, setFiles] = useState<File[]>([])
  const required = { required: true, message: t('problem.input.required') }
  const beginning: InteractionFacts = {
    contactId: null, channel: 'phone', at: dayjs().toISOString(), subject: '', body: '', nextStep: '', nextOn: '', nextDone: false,
  }
  const nameOf = (id: unknown) => contacts.find((c) => c.id === id)?.name ?? t('value.none')
  const fields: Field<InteractionFacts>[] = [
    { name: 'subject', label: t('interaction.subject'), rules: [{ ...required, whitespace: true }], wide: true, input: <Input maxLength={120} /> },
    {
      name: 'channel', label: t('interaction.channel'), show: (value) => t(`interactionChannel.${value as InteractionFacts['channel']}`),
      input: <Select options={interactionChannels.map((value) => ({ value, label: t(`interactionChannel.${value}`) }))} />,
    },
    { name: 'at', label: t('interaction.at'), rules: [required], input: <TimeInput /> },
    {
      name: 'contactId', label: t('interaction.contact'), show: nameOf,
      input: <Select allowClear options={contacts.map((c) => ({ value: c.id, label: c.name }))} />,
    },
    { name: 'body', label: t('interaction.body'), wide: true, input: <Input.TextArea rows={4} maxLength={4000} /> },
    { name: 'nextStep', label: t('interaction.nextStep'), input: <Input maxLength={200} /> },
    { name: 'nextOn', label: t('interaction.nextOn'), input: <DateInput /> },
    {
      name: 'nextDone', label: t('interaction.nextDone'), show: (value) => t(value ? 'value.yes' : 'value.no'), valuePropName: 'checked',
      input: <Switch />,
    },
  ]
  const create = async (facts: InteractionFacts): Promise<Saved> => {
    const made = await answer(province.POST('/api/customers/{id}/interactions', { params: { path: { id: customerId } }, body: facts }))
    return { ...made, refused: await addEach(t, ownerOf(made), files) }
  }
  return (
    <>
      <EditForm<Saved, InteractionFacts>
        name="interaction"
        record={interaction}
        initial={beginning}
        factsOf={interactionFactsOf}
        fields={fields}
        save={(facts, version) =>
          interaction
            ? answer(province.PUT('/api/interactions/{id}', { params: { path: { id: interaction.id } }, body: { ...facts, version } }))
            : create(facts)
        }
        onSaved={({ refused = [] }) => {
          if (refused.length > 0) void message.warning(t('interaction.filesRefused', { files: refused.join(t('interaction.fileSeparator')) }), 10)
          else void message.success(t(interaction ? 'record.saved' : 'record.created'))
          reread()
          onClose()
        }}
        onCancel={onClose}
      />
      <Typography.Paragraph strong style={{ marginTop: 24 }}>
        {t('interaction.documents')}
      </Typography.Paragraph>
      {interaction ? (
        <DocumentsPanel customerId={customerId} owner={ownerOf(interaction)} label={`${t('document.interaction')} ${interaction.subject}`} mayChange />
      ) : (
        <FilesToAdd files={files} onChange={setFiles} />
      )}
    </>
  )
}

function ownerOf(interaction: Interaction): Owner {
  return { kind: 'interaction', id: interaction.id }
}
