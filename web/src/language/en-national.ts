import access from './en/access.json'
import audit from './en/audit.json'
import company from './en/company.json'
import dashboard from './en/dashboard.json'
import edit from './en/edit.json'
import national from './en/national.json'
import overview from './en/overview.json'
import reference from './en/reference.json'
import savedreport from './en/savedreport.json'
import type { NationalTexts } from './texts'

export const texts: NationalTexts = { ...access, ...audit, ...company, ...dashboard, ...edit, ...national, ...overview, ...reference, ...savedreport }
