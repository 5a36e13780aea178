import { useState } from 'react'

/** What somebody types before it counts. It begins anew when the value that counts changes. */
export function useDraft(value: string) {
  const [counted, setCounted] = useState(value)
  const [typed, setTyped] = useState(value)
  if (value !== counted) {
    setCounted(value)
    setTyped(value)
  }
  return [typed, setTyped] as const
}
