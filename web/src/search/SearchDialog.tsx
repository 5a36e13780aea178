import { SearchOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Input, Modal, Typography, type InputRef } from 'antd'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { problemText } from '../api/problem'
import type { Destination } from '../frame/Frame'
import { next, shortest, type Found, type Group, type Hit, type Search } from './find'
import './search.css'

const pause = 150
const nothing: Found = { groups: [], more: false }

interface Props {
  pages: Destination[]
  search: Search
  onClose: () => void
}

/** One field for everything: what the text finds, and the pages of the menu. Arrows choose, Enter opens. */
export default function SearchDialog({ pages, search, onClose }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const navigate = useNavigate()
  const field = useRef<InputRef>(null)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const { text, ...typing } = useTyping(typed, setTyped)
  const query = useQuery({
    queryKey: ['search', text],
    queryFn: ({ signal }) => search.find(text, signal),
    enabled: text.length >= shortest,
    placeholderData: keepPreviousData,
  })
  const found = text.length >= shortest ? (query.data ?? nothing) : nothing
  const offered = pages.filter((page) => page.label.toLowerCase().includes(typed.trim().toLowerCase()))
  const groups: Group[] = [...found.groups, { kind: 'pages' as const, hits: offered.map(({ path, label }) => ({ path, title: label, notes: [] })) }].filter(
    (group) => group.hits.length > 0,
  )
  const hits = groups.flatMap((group) => group.hits)
  const settled = text === typed.trim() && !query.isPlaceholderData && !query.isFetching
  const chosen = Math.min(at, hits.length - 1)

  useEffect(() => {
    if (chosen >= 0) document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, chosen])

  const open = (hit: Hit | undefined) => {
    if (!hit) return
    onClose()
    void navigate(hit.path)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return // these keys are the input method's
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setAt(next(event.key, chosen, hits.length))
    }
    if (event.key === 'Enter' && settled) open(hits[chosen])
  }
  return (
    <Modal
      open
      title={t('search.title')}
      footer={null}
      width={640}
      style={{ top: 48 }}
      onCancel={onClose}
      afterOpenChange={(shown) => shown && field.current?.focus()}
      data-testid="search-dialog"
    >
      <Input
        ref={field}
        role="combobox"
        aria-label={t('search.title')}
        aria-expanded={hits.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        prefix={<SearchOutlined aria-hidden />}
        placeholder={search.hint}
        maxLength={100}
        value={typed}
        data-testid="search-text"
        onKeyDown={onKeyDown}
        {...typing}
        onChange={(event) => {
          setAt(0)
          typing.onChange(event)
        }}
      />
      <Hits id={id} groups={groups} chosen={chosen} onOpen={open} />
      <div role="status" data-testid="search-status" data-settled={settled}>
        {query.error ? problemText(t, query.error) : settled && <Typography.Text type="secondary">{t(statusOf(text, found))}</Typography.Text>}
      </div>
    </Modal>
  )
}

function statusOf(text: string, found: Found) {
  if (text.length < shortest) return 'search.keys'
  if (found.groups.every((group) => group.hits.length === 0)) return 'search.nothing'
  return found.more ? 'search.more' : 'search.keys'
}

interface HitsProps {
  id: string
  groups: Group[]
  chosen: number
  onOpen: (hit: Hit) => void
}

function Hits({ id, groups, chosen, onOpen }: HitsProps) {
  const { t } = useTranslation()
  return (
    <div role="listbox" id={`${id}-list`} aria-label={t('search.results')} className="search-hits" tabIndex={-1}>
      {groups.map((group, g) => (
        <div key={group.kind} role="group" aria-label={t(`search.kind.${group.kind}`)} data-testid={`search-${group.kind}`}>
          <div className="search-kind" aria-hidden>
            {t(`search.kind.${group.kind}`)}
          </div>
          {group.hits.map((hit, n) => {
            const place = startOf(groups, g) + n
            return (
              <div
                key={`${hit.path}-${n}`}
                id={`${id}-${place}`}
                role="option"
                aria-selected={place === chosen}
                tabIndex={-1}
                className="search-hit"
                onMouseDown={(event) => {
                  event.preventDefault() // the field keeps the focus
                  onOpen(hit)
                }}
              >
                <span>{hit.title}</span> <Typography.Text type="secondary">{hit.notes.filter(Boolean).join(' · ')}</Typography.Text>
              </div>
            )
          })}
        </div>
      ))}
    </div>
  )
}

/** The place of a group's first hit among all. */
const startOf = (groups: Group[], g: number) => groups.slice(0, g).reduce((n, { hits }) => n + hits.length, 0)

/** The text that is looked for: what was typed, once typing pauses and no word is being composed. */
function useTyping(typed: string, setTyped: (text: string) => void) {
  const [text, setText] = useState('')
  const [composing, setComposing] = useState(false)
  useEffect(() => {
    if (composing) return
    const timer = setTimeout(() => setText(typed.trim()), pause)
    return () => clearTimeout(timer)
  }, [typed, composing])
  return {
    text,
    onChange: (event: { target: { value: string } }) => setTyped(event.target.value),
    onCompositionStart: () => setComposing(true),
    onCompositionEnd: () => setComposing(false),
  }
}
