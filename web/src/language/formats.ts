import { useMemo } from 'react'
import type { Language } from './language'
import { useLanguage } from './LanguageProvider'

/** A unit in which money is shown: so many fen, and the place of its decimal point. */
export interface MoneyUnit {
  name: 'yuan' | 'tenThousandYuan' | 'hundredMillionYuan' | 'thousandYuan' | 'millionYuan'
  fen: number
}

const moneyUnits: Record<Language, MoneyUnit[]> = {
  zh: [
    { name: 'hundredMillionYuan', fen: 1e10 },
    { name: 'tenThousandYuan', fen: 1e6 },
    { name: 'yuan', fen: 100 },
  ],
  en: [
    { name: 'millionYuan', fen: 1e8 },
    { name: 'thousandYuan', fen: 1e5 },
    { name: 'yuan', fen: 100 },
  ],
}

/** Shown where there is no value. */
export const nothing = '—'

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB']

/** How values look in a language. Times are those of the browser's zone. */
export function formatsOf(language: Language) {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const number = new Intl.NumberFormat(locale)
  const decimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  const oneDecimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const growth = new Intl.NumberFormat(locale, {
    style: 'percent', signDisplay: 'exceptZero', minimumFractionDigits: 2, maximumFractionDigits: 2,
  })
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const moment = new Intl.DateTimeFormat(locale, { ...day, ...time })

  return {
    integer: (value: number) => number.format(value),

    /** Of a moment in RFC 3339. */
    dateTime: (text: string | null | undefined) => (text ? moment.format(new Date(text)) : nothing),

    /** Of a number of seconds: the two largest units, as in 1:02:03 or 2 d 03:04. */
    duration(seconds: number, dayUnit: string) {
      const two = (n: number) => String(n).padStart(2, '0')
      const days = Math.floor(seconds / 86400)
      const hours = Math.floor(seconds / 3600) % 24
      const minutes = Math.floor(seconds / 60) % 60
      if (days > 0) return `${days} ${dayUnit} ${two(hours)}:${two(minutes)}`
      if (seconds >= 60) return `${hours}:${two(minutes)}:${two(Math.floor(seconds) % 60)}`
      return `${Math.floor(seconds)} s`
    },

    bytes(count: number) {
      let unit = 0
      let value = count
      while (value >= 1000 && unit < byteUnits.length - 1) {
        value /= 1000
        unit++
      }
      return `${oneDecimal.format(value)} ${byteUnits[unit]}`
    },

    /** Of hundredths of a percent, with its sign. */
    growth: (hundredths: number | null | undefined) => (hundredths == null ? nothing : growth.format(hundredths / 10000)),

    /** The largest unit in which the largest of the amounts is at least one: a column has one unit. */
    moneyUnit(amounts: readonly (number | null)[]): MoneyUnit {
      const largest = Math.max(0, ...amounts.map((fen) => Math.abs(fen ?? 0)))
      const units = moneyUnits[language]
      return units.find((unit) => largest >= unit.fen) ?? units[units.length - 1]!
    },

    money: (fen: number | null | undefined, unit: MoneyUnit) => (fen == null ? nothing : decimals.format(fen / unit.fen)),
  }
}

export type Formats = ReturnType<typeof formatsOf>

export function useFormats(): Formats {
  const { language } = useLanguage()
  return useMemo(() => formatsOf(language), [language])
}
