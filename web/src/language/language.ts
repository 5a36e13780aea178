import type { Locale } from 'antd/es/locale'
import dayjs from 'dayjs'
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { CommonTexts, NationalTexts } from './texts'

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

const national: Record<Language, () => Promise<{ texts: NationalTexts }>> = {
  zh: () => import('./zh-national'),
  en: () => import('./en-national'),
}
let headquarters = false

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
  const [{ pack }] = await Promise.all([packs[language](), headquarters && addNational(language)])
  i18next.addResourceBundle(language, 'translation', pack.texts)
  await i18next.changeLanguage(language)
  dayjs.locale(pack.dayjs)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  localStorage.setItem(stored, language)
  return pack
}

/** Loads what only headquarters' pages say, in the language of the page and in every later one. */
export async function speakForHeadquarters(): Promise<void> {
  headquarters = true
  await addNational(i18next.language as Language)
}

async function addNational(language: Language) {
  i18next.addResourceBundle(language, 'translation', (await national[language]()).texts)
}
