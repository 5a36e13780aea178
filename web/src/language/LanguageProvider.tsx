import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { firstLanguage, speak, type Language, type Pack } from './language'

interface Choice {
  language: Language
  pack: Pack
  choose: (language: Language) => void
}

const LanguageContext = createContext<Choice | null>(null)

/** Shows its children in the chosen language, nothing until the first one is loaded. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [wanted, setWanted] = useState(firstLanguage)
  const [spoken, setSpoken] = useState<{ language: Language; pack: Pack }>()
  const choose = useCallback((language: Language) => setWanted(language), [])
  useEffect(() => {
    let outdated = false
    void speak(wanted).then((pack) => {
      if (!outdated) setSpoken({ language: wanted, pack })
    })
    return () => {
      outdated = true
    }
  }, [wanted])
  const choice = useMemo(() => spoken && { ...spoken, choose }, [spoken, choose])
  return choice && <LanguageContext value={choice}>{children}</LanguageContext>
}

export function useLanguage(): Choice {
  const choice = use(LanguageContext)
  if (!choice) throw new Error('useLanguage outside of LanguageProvider')
  return choice
}
