// Makes the types of the JSON API from the documents that both levels publish, so that a page that
// no longer fits its operation does not compile.
import { mkdir, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const here = new URL('.', import.meta.url)

for (const level of ['province', 'national']) {
  const tree = await openapiTS(new URL(`../../schemas/openapi/${level}.json`, here), { alphabetize: true })
  const target = new URL(`../src/api/${level}.gen.ts`, here)
  await mkdir(new URL('.', target), { recursive: true })
  await writeFile(target, astToString(tree))
}
