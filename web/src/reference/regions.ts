import table from '../../../schemas/codes/cities.csv?raw'
import { provinces } from './provinces'

/** The cities of GB/T 2260. They have Chinese names only. */
const cities = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [value = '', label = ''] = line.split(',')
    return { value, label }
  })

const names = new Map(cities.map((city) => [city.value, city.label]))

export function cityName(code: string): string {
  return names.get(code) ?? code
}

/** The cities of provinces by their carrier codes, of all provinces for an empty list. */
export function cityOptions(carriers: readonly number[]) {
  const prefixes = provinces.filter((p) => carriers.includes(p.carrier)).map((p) => p.gb as string)
  return prefixes.length === 0 ? cities : cities.filter((city) => prefixes.includes(city.value.slice(0, 2)))
}
