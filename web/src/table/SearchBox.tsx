import { SearchOutlined } from '@ant-design/icons'
import { Input } from 'antd'
import { useEffect, useRef } from 'react'
import { useDraft } from './useDraft'

const pause = 300

interface Props {
  id?: string
  /** Where no label stands beside it. */
  label?: string
  value: string
  onSearch: (text: string) => void
  placeholder: string
}

/** Searches when typing pauses, never while an input method is still composing a word. */
export function SearchBox({ value, label, onSearch, ...input }: Props) {
  const [typed, setTyped] = useDraft(value)
  const composing = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const search = (text: string, wait: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onSearch(text), wait)
  }
  return (
    <Input
      {...input}
      type="search"
      aria-label={label}
      value={typed}
      allowClear
      maxLength={100}
      prefix={<SearchOutlined aria-hidden />}
      data-testid="search"
      onChange={(event) => {
        setTyped(event.target.value)
        if (!composing.current) search(event.target.value, event.target.value ? pause : 0)
      }}
      onCompositionStart={() => {
        composing.current = true
        clearTimeout(timer.current)
      }}
      onCompositionEnd={(event) => {
        composing.current = false
        search(event.currentTarget.value, pause)
      }}
      onPressEnter={() => {
        if (!composing.current) search(typed, 0)
      }}
    />
  )
}
