import table from '../../../schemas/codes/industries.txt?raw'
import type { Language } from '../language/language'

interface Industry {
  code: string
  zh: string
  en: string
}

/** A section of GB/T 4754 (one letter) with its divisions (two digits). */
interface Section extends Industry {
  divisions: Industry[]
}

const sections = readSections(table)
const byCode = new Map(sections.flatMap((s) => [s, ...s.divisions]).map((i) => [i.code, i]))

function readSections(text: string): Section[] {
  const list: Section[] = []
  for (const line of text.split('\n')) {
    const [code, zh, en] = line.split('|')
    if (!code || !zh || !en || line.startsWith('#')) continue
    if (code.length === 1) list.push({ code, zh, en, divisions: [] })
    else list.at(-1)?.divisions.push({ code, zh, en })
  }
  return list
}

export function industryName(code: string, language: Language): string {
  return byCode.get(code)?.[language] ?? code
}

export function sectionOptions(language: Language) {
  return sections.map((s) => ({ value: s.code, label: `${s.code} ${s[language]}` }))
}

/** Divisions under their sections, as a customer has one. */
export function divisionOptions(language: Language) {
  return sections.map((s) => ({
    label: `${s.code} ${s[language]}`,
    title: s.code,
    options: s.divisions.map((d) => ({ value: d.code, label: `${d.code} ${d[language]}` })),
  }))
}

/** The same with each section to be chosen as a whole, as lists can be filtered. */
export function industryOptions(language: Language) {
  return sections.flatMap((s) => [
    { value: s.code, label: `${s.code} ${s[language]}` },
    ...s.divisions.map((d) => ({ value: d.code, label: `${d.code} ${d[language]}` })),
  ])
}
