import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { pack as en } from './en'
import { texts as nationalEn } from './en-national'
import { texts as provinceEn } from './en-province'
import { pack as zh } from './zh'
import { texts as nationalZh } from './zh-national'
import { texts as provinceZh } from './zh-province'

const chinese: Record<string, string> = { ...zh.texts, ...provinceZh, ...nationalZh }
const english: Record<string, string> = { ...en.texts, ...provinceEn, ...nationalEn }

function sources(folder: string, wanted: (name: string) => boolean): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(wanted)
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n')
}

/** The files that are loaded before any part of the portal's texts is. */
function firstShown(): string[] {
  const seen = new Set<string>()
  const open = ['src/main.tsx', 'src/frame/SignInPage.tsx', 'src/account/ForcedPasswordPage.tsx', 'src/province/Province.tsx', 'src/province/customer/CustomerListPage.tsx']
  for (let file = open.pop(); file; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/^import (?!type ).*? from '(\.[^']+)'/gm)) {
      const found = ['.tsx', '.ts'].map((end) => normalize(`${dirname(file!)}/${path}${end}`)).find((name) => existsSync(name))
      if (found) open.push(found)
    }
  }
  return [...seen]
}

const pages = sources('src', (name) => /\.tsx?$/.test(name) && !/\.test\.|\.gen\./.test(name))

test('both languages have the same keys, each with a text', () => {
  expect(Object.keys(english).toSorted()).toEqual(Object.keys(chinese).toSorted())
  expect(Object.entries({ ...chinese, ...english }).filter(([, text]) => text.trim() === '')).toEqual([])
})

test('what is shown first finds its texts in the first pack', () => {
  const missing = firstShown().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key!).filter((key) => !(key in zh.texts)),
  )
  expect(missing).toEqual([])
})

test('both texts of a key have the same parameters', () => {
  const parameters = (text: string | undefined) => [...(text ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).toSorted()
  for (const [key, text] of Object.entries(chinese)) expect([key, parameters(english[key])]).toEqual([key, parameters(text)])
})

test('every key is used', () => {
  const literals = new Set([...pages.matchAll(/'([A-Za-z]+\.[\w.-]+)'/g)].map(([, key]) => key))
  // `contactRole.${…}`, and `audit.${…}` for codes that a node sends.
  const families = [...pages.matchAll(/`([A-Za-z]+(?:\.[\w-]+)*\.)\$\{[^}]*\}([\w-]*)`/g)].map(([, start, end]) => [start!, end!] as const)
  const sent = ['distinction.', 'permission.', 'lifecycle.', 'contractStatus.', 'contactRole.', 'subscriptionStatus.'] // values that a node names, see families
  const used = (key: string) =>
    literals.has(key) || sent.some((start) => key.startsWith(start)) || families.some(([start, end]) => key.startsWith(start) && key.endsWith(end))
  expect(Object.keys(chinese).filter((key) => !used(key))).toEqual([])
})

test('no text stands in a page itself', () => {
  const withoutComments = pages.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const chineseCharacters = withoutComments.match(/.*\p{Script=Han}.*/gu) ?? []
  const allowed = /name: '中文'|\bgb: '\d\d', carrier: /
  expect(chineseCharacters.filter((line) => !allowed.test(line))).toEqual([])
})

test('every problem that a portal can report has a text', () => {
  const go = (name: string) => name.endsWith('.go') && !/_test\.go$|partner|intake/.test(name)
  const files = ['account', 'fault', 'portal'].map((name) => `../internal/${name}`).concat('../province', '../national', '../schemas/codes')
  const lines = files.flatMap((folder) => sources(folder, go).split('\n'))
  const making = /\bfault\.(New|Field|Wrap)\(|\badd\(fault\.|\bwrong\(|\bInvalid\(|\bMsg\w+ = |^\s*return "|\bproblem\(|Code: +"/
  const codes = lines
    .filter((line) => making.test(line) && !line.trim().startsWith('//'))
    .flatMap((line) => [...line.matchAll(/"([a-z][a-z_]*(?:\.[a-z_]+)+)(?: [^"]*)?"/g)].map(([, code]) => code!))
  expect(codes.length).toBeGreaterThan(60)
  expect([...new Set(codes)].filter((code) => !(`problem.${code}` in chinese) && !outsideOfThePortal.test(code))).toEqual([])
})

/** Codes of operations that no portal offers: the organisation is made by commands, bills and
 * subscriptions by partners. */
const outsideOfThePortal = /^(organisation\.(code|kind|name|parent)|bill|subscription|amount|credit_code\.parts)\b/
