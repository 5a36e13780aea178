import company from './en/company.json'
import dashboard from './en/dashboard.json'
import national from './en/national.json'
import type { NationalTexts } from './texts'

export const texts: NationalTexts = { ...company, ...dashboard, ...national }
