import { expect, test } from 'vitest'
import { divisionOptions, industryName, industryOptions } from './industries'
import { provinceName } from './provinces'
import { cityName, cityOptions } from './regions'

test('a province has its own cities', () => {
  expect(cityOptions([591])).toContainEqual({ value: '350100', label: '福州市' })
  expect(cityOptions([591]).every((city) => city.value.startsWith('35'))).toBe(true)
  expect(cityOptions([]).length).toBeGreaterThan(300)
})

test('codes that are unknown are their own names', () => {
  expect(cityName('999999')).toBe('999999')
  expect(industryName('00', 'zh')).toBe('00')
  expect(provinceName(7, 'zh')).toBe('007')
  expect(provinceName(0, 'zh', '总部')).toBe('总部')
})

test('divisions lie under their sections', () => {
  expect(divisionOptions('en')[0]?.options[0]).toEqual({ value: '01', label: '01 Farming' })
  expect(industryOptions('zh').slice(0, 2)).toEqual([
    { value: 'A', label: 'A 农、林、牧、渔业' },
    { value: '01', label: '01 农业' },
  ])
})
