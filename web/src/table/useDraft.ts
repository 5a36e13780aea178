import { useState } from 'react'

/** What somebody types before it counts. It begins anew when the value that counts changes. */
export function useDraft<T extends string | number>(value: T) {
  const [counted, setCounted] = useState<T>(value)
  const [typed, setTyped] = useState<T>(value)
  if (value !== counted) {
    setCounted(value)
    setTyped(value)
  }
  return [typed, setTyped] as const
}
