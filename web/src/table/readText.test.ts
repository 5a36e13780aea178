import { expect, test } from 'vitest'
import { readText } from './readText'

const file = (bytes: number[]) => new File([new Uint8Array(bytes)], 'list.csv')

test('a list is read as UTF-8 or as GB 18030', async () => {
  expect(await readText(file([0xe5, 0x8f, 0xb7, 0xe7, 0xa0, 0x81]))).toBe('号码')
  expect(await readText(file([0xba, 0xc5, 0xc2, 0xeb]))).toBe('号码')
})
