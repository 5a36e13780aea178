import type { Locale } from 'antd/es/locale'
import dayjs from 'dayjs'
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { CommonTexts, NationalTexts, ProvinceTexts } from './texts'

export type Language = 'zh' | 'en'

/** What a language brings along. Both begin the week on Monday and count 24 hours. */
export interface Pack {
  texts: CommonTexts
  antd: Locale
  dayjs: string
}

const packs: Record<Language, () => Promise<{ pack: Pack }>> = {
  zh: () => import('./zh'),
  en: () => import('./en'),
}

/** What is said beyond the first page, by the part of the portal that says it. */
const parts = {
  province: { zh: () => import('./zh-province'), en: () => import('./en-province') },
  national: { zh: () => import('./zh-national'), en: () => import('./en-national') },
} satisfies Record<string, Record<Language, () => Promise<{ texts: ProvinceTexts | NationalTexts }>>>

export type Part = keyof typeof parts

const spoken = new Set<Part>()

const stored = 'jike.language'

void i18next.use(initReactI18next).init({
  keySeparator: false,
  nsSeparator: false,
  // Keys have underscores, and texts are written so that they need no plural.
  pluralSeparator: '~',
  contextSeparator: '~',
  interpolation: { escapeValue: false }, // React escapes
  resources: {},
})

/** The language of the page before anybody has signed in: the last choice here, else Chinese. */
export function firstLanguage(): Language {
  return localStorage.getItem(stored) === 'en' ? 'en' : 'zh'
}

/** The text of a key that a node has sent and that need not be known here. */
export function textIfKnown(key: string, otherwise: string, params: Record<string, unknown> = {}): string {
  return i18next.exists(key) ? i18next.t(key as 'value.none', params) : otherwise
}

/** Loads a language and makes the page speak it. */
export async function speak(language: Language): Promise<Pack> {
  const [{ pack }] = await Promise.all([packs[language](), ...[...spoken].map((part) => add(part, language))])
  i18next.addResourceBundle(language, 'translation', pack.texts)
  await i18next.changeLanguage(language)
  dayjs.locale(pack.dayjs)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  localStorage.setItem(stored, language)
  return pack
}

/** Loads what a part of the portal says, in the language of the page and in every later one. */
export async function speakFor(part: Part): Promise<void> {
  spoken.add(part)
  await add(part, i18next.language as Language)
}

async function add(part: Part, language: Language) {
  i18next.addResourceBundle(language, 'translation', (await parts[part][language]()).texts)
}
