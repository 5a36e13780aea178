import type { Language } from '../language/language'

/** The 31 provinces in the order of GB/T 2260: its code, the carriers' code, and both names. A test
 * compares them with schemas/codes/province.go. */
export const provinces = [
  { gb: '11', carrier: 100, zh: '北京', en: 'Beijing' },
  { gb: '12', carrier: 220, zh: '天津', en: 'Tianjin' },
  { gb: '13', carrier: 311, zh: '河北', en: 'Hebei' },
  { gb: '14', carrier: 351, zh: '山西', en: 'Shanxi' },
  { gb: '15', carrier: 471, zh: '内蒙古', en: 'Inner Mongolia' },
  { gb: '21', carrier: 240, zh: '辽宁', en: 'Liaoning' },
  { gb: '22', carrier: 431, zh: '吉林', en: 'Jilin' },
  { gb: '23', carrier: 451, zh: '黑龙江', en: 'Heilongjiang' },
  { gb: '31', carrier: 210, zh: '上海', en: 'Shanghai' },
  { gb: '32', carrier: 250, zh: '江苏', en: 'Jiangsu' },
  { gb: '33', carrier: 571, zh: '浙江', en: 'Zhejiang' },
  { gb: '34', carrier: 551, zh: '安徽', en: 'Anhui' },
  { gb: '35', carrier: 591, zh: '福建', en: 'Fujian' },
  { gb: '36', carrier: 791, zh: '江西', en: 'Jiangxi' },
  { gb: '37', carrier: 531, zh: '山东', en: 'Shandong' },
  { gb: '41', carrier: 371, zh: '河南', en: 'Henan' },
  { gb: '42', carrier: 270, zh: '湖北', en: 'Hubei' },
  { gb: '43', carrier: 731, zh: '湖南', en: 'Hunan' },
  { gb: '44', carrier: 200, zh: '广东', en: 'Guangdong' },
  { gb: '45', carrier: 771, zh: '广西', en: 'Guangxi' },
  { gb: '46', carrier: 898, zh: '海南', en: 'Hainan' },
  { gb: '50', carrier: 230, zh: '重庆', en: 'Chongqing' },
  { gb: '51', carrier: 280, zh: '四川', en: 'Sichuan' },
  { gb: '52', carrier: 851, zh: '贵州', en: 'Guizhou' },
  { gb: '53', carrier: 871, zh: '云南', en: 'Yunnan' },
  { gb: '54', carrier: 891, zh: '西藏', en: 'Tibet' },
  { gb: '61', carrier: 290, zh: '陕西', en: 'Shaanxi' },
  { gb: '62', carrier: 931, zh: '甘肃', en: 'Gansu' },
  { gb: '63', carrier: 971, zh: '青海', en: 'Qinghai' },
  { gb: '64', carrier: 951, zh: '宁夏', en: 'Ningxia' },
  { gb: '65', carrier: 991, zh: '新疆', en: 'Xinjiang' },
] as const

/** The short name of a province by its carrier code; another text where there is none, as for
 * headquarters in Chinese. */
export function provinceName(carrier: number, language: Language, otherwise = String(carrier).padStart(3, '0')): string {
  return provinces.find((p) => p.carrier === carrier)?.[language] ?? otherwise
}

export function provinceOptions(language: Language) {
  return provinces.map((p) => ({ value: p.carrier as number, label: p[language] }))
}
