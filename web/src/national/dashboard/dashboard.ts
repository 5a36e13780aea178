import dayjs from 'dayjs'
import { choice, text, type Parts } from '../../urlstate/urlState'
import { measures, monthsOf, type Dimension, type Measure, type ReportState } from '../report/report'

export interface DashboardState {
  /** YYYY-MM; empty is the last one that is over. */
  month: string
  measure: Measure
}

export const dashboardParts: Parts<DashboardState> = { month: text, measure: choice(measures, 'incomeFen') }

/** The month that is shown. */
export const monthOf = ({ month }: DashboardState) => monthsOf({ from: month, to: month }).to

/** A report about the month, or about as many months up to it. */
export function about({ measure, ...state }: DashboardState, groupBy: Dimension[], months = 1): ReportState {
  const to = monthOf({ measure, ...state })
  const from = dayjs(to).subtract(months - 1, 'month').format('YYYY-MM')
  return { from, to, province: [], class: [], industry: [], city: [], groupBy, measure }
}
