import company from './zh/company.json'
import dashboard from './zh/dashboard.json'
import national from './zh/national.json'
import type { NationalTexts } from './texts'

export const texts: NationalTexts = { ...company, ...dashboard, ...national }
