import access from './zh/access.json'
import audit from './zh/audit.json'
import company from './zh/company.json'
import dashboard from './zh/dashboard.json'
import edit from './zh/edit.json'
import national from './zh/national.json'
import overview from './zh/overview.json'
import reference from './zh/reference.json'
import savedreport from './zh/savedreport.json'
import type { NationalTexts } from './texts'

export const texts: NationalTexts = { ...access, ...audit, ...company, ...dashboard, ...edit, ...national, ...overview, ...reference, ...savedreport }
