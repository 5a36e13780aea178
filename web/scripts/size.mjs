// Reports what a browser loads for the first page of each level, compressed as the node does it,
// and fails where that is more than the limit.
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const limit = 450 * 1024
const firstPages = {
  'sign-in': ['src/frame/SignInPage.tsx'],
  province: ['src/province/Province.tsx', 'src/province/customer/CustomerListPage.tsx'],
  national: ['src/language/zh-national.ts', 'src/national/National.tsx', 'src/national/board/BoardPage.tsx'],
}
const language = 'src/language/zh.ts'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', dist), 'utf8'))
const sizes = new Map()

async function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length)
  return sizes.get(file)
}

// A chunk with everything that it imports statically.
function closure(name, seen = new Set()) {
  const chunk = manifest[name]
  if (!chunk) throw new Error(`${name} is not a chunk of its own`)
  for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(file)
  for (const imported of chunk.imports ?? []) if (!seen.has(manifest[imported].file)) closure(imported, seen)
  return seen
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} kB`
let failed = false

for (const [page, chunks] of Object.entries(firstPages)) {
  const files = new Set(['index.html'])
  for (const chunk of ['index.html', language, ...chunks]) closure(chunk, files)
  let total = 0
  for (const file of files) total += await size(file)
  failed ||= total > limit
  console.log(`${page.padEnd(10)} ${kilobytes(total).padStart(10)} of ${kilobytes(limit)} in ${files.size} files`)
}
for (const [name, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry) console.log(`  ${kilobytes(await size(chunk.file)).padStart(10)}  ${name}`)
}
if (failed) {
  console.error('A first page is larger than its limit.')
  process.exit(1)
}
