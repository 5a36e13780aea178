import { expect, test } from 'vitest'
import { readCertificate } from './certificate'

const certificate = {
  statement: { version: 1, sequence: 3, previous: '', point: '0/16B3748', tables: [] },
  digest: 'ab',
  national: { key: 'n', value: '' },
  province: { key: 'p', value: '' },
}

test('a certificate of the known version is read, anything else is not', () => {
  expect(readCertificate(certificate)).toBe(certificate)
  expect(readCertificate({ ...certificate, statement: { ...certificate.statement, version: 4 } })).toBeUndefined()
  for (const other of [null, undefined, {}, 'x', { statement: null }]) expect(readCertificate(other)).toBeUndefined()
})
