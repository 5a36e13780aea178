// Package report computes headquarters' figures from the monthly summaries that every province
// sends of all its customers, selected or not, and from what happened to the customers that it sends
// one by one. Each answer names its source, the formula of each measure and how fresh each province's
// share is.
//
// Three years of 31 provinces are 1.3 million cells of month, city, class and industry. The clock adds up
// what changed (report.schedule), over every set of the last three dimensions, and a report reads from
// the set that has its dimensions and no more: fifty times faster than adding up the cells. All figures
// of an answer are of the moment that its data time tells.
package report

import (
	"slices"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// The tables that figures come from.
const (
	Source         = "crm.monthly_summary"
	MovementSource = "crm.customer" // of new and lost customers
)

// Measure is a figure of a report.
type Measure string

// The measures.
const (
	Customers     Measure = "customers"
	NewCustomers  Measure = "newCustomers"
	LostCustomers Measure = "lostCustomers"
	Members       Measure = "members"
	IncomeFen     Measure = "incomeFen"
)

// Measures lists the measures in the order in which they are shown.
func Measures() []Measure {
	return []Measure{Customers, NewCustomers, LostCustomers, Members, IncomeFen}
}

// Formulas say how each measure is made, for the people who read the figures.
func Formulas() map[string]codes.Name {
	return map[string]codes.Name{
		"customers": {
			Chinese: "各省月度汇总的客户数之和；未按月分组时取各省所选范围内最后一个月",
			English: "Sum of the customers in the provinces' monthly summaries; without grouping by month, each province's last month in the range",
		},
		"members": {
			Chinese: "各省月度汇总的成员数之和；未按月分组时取各省所选范围内最后一个月",
			English: "Sum of the members in the provinces' monthly summaries; without grouping by month, each province's last month in the range",
		},
		"incomeFen": {
			Chinese: "各省月度汇总的收入（账单金额）之和",
			English: "Sum of the income (billed amounts) in the provinces' monthly summaries over the range",
		},
		"newCustomers": {
			Chinese: "所选月份内由省公司建档的上报客户数，按总部首次收到时的地市、等级、行业统计，客户以后的变化不影响；早先建档、后来才上报的客户计入其建档月份",
			English: "Customers sent up one by one whose province created them in the months chosen, where they belonged when headquarters first saw them, whatever became of them; one that is sent up later counts in the month of its creation",
		},
		"lostCustomers": {
			Chinese: "所选月份内转为离网且月末仍未恢复的上报客户数，按离网时的地市、等级、行业统计，以后恢复不影响已结束的月份",
			English: "Customers sent up one by one that became lost in the months chosen and were not back by the end of that month, where they belonged then; coming back later does not change a month that is over",
		},
		"monthOnMonth": {
			Chinese: "每项指标：（本月 − 上月）÷ 上月，单位：万分之一；两个月省份齐全时才计算",
			English: "Of each measure: (this month − the month before) ÷ the month before, in hundredths of a percent; only where the same provinces reported both months",
		},
		"yearOnYear": {
			Chinese: "每项指标：（本月 − 上年同月）÷ 上年同月，单位：万分之一；两个月省份齐全时才计算",
			English: "Of each measure: (this month − the same month a year before) ÷ that month, in hundredths of a percent; only where the same provinces reported both months",
		},
	}
}

// Dimension is what figures are grouped by.
type Dimension string

// The dimensions.
const (
	ByMonth    Dimension = "month"
	ByProvince Dimension = "province"
	ByCity     Dimension = "city"
	ByClass    Dimension = "class"
	ByIndustry Dimension = "industry" // section of GB/T 4754
)

// Dimensions lists the dimensions in the order in which rows are sorted.
func Dimensions() []Dimension {
	return []Dimension{ByMonth, ByProvince, ByCity, ByClass, ByIndustry}
}

// Question is what a report is asked. Empty lists do not filter.
type Question struct {
	From, To   time.Time // first days of the first and the last month
	Provinces  []codes.Province
	Classes    []codes.Class
	Industries []codes.Section
	Cities     []codes.City
	GroupBy    []Dimension
}

// Row is one group's figures. Dimensions that are not grouped by are empty.
type Row struct {
	Month         string // YYYY-MM
	Province      codes.Province
	City          codes.City
	Class         codes.Class
	Industry      codes.Section
	Customers     int64
	NewCustomers  int64
	LostCustomers int64
	Members       int64
	IncomeFen     int64
	MonthOnMonth  Growth
	YearOnYear    Growth
}

// Growth is that of each measure, in the order of Measures, in hundredths of a percent: nil where the
// months cannot be compared, and empty of a report that is not grouped by month.
type Growth []*int64

// of is the growth of the i-th measure.
func (g Growth) of(i int) *int64 {
	if i >= len(g) {
		return nil
	}
	return g[i]
}

// figure is a row's figure of a measure.
func (r Row) figure(m Measure) int64 {
	return map[Measure]int64{
		Customers: r.Customers, NewCustomers: r.NewCustomers, LostCustomers: r.LostCustomers, Members: r.Members, IncomeFen: r.IncomeFen,
	}[m]
}

// Freshness is how far a province's share can be trusted.
type Freshness struct {
	Province      codes.Province
	AsOf          *time.Time // every change committed before this is in the figures; nil: nothing is known
	MovementsAsOf *time.Time // the same of new and lost customers
	Refreshed     *time.Time // when the province last computed its summary
	LastMonth     string     // the newest month of its summary, YYYY-MM
}

// Answer is a report.
type Answer struct {
	Rows     []Row
	DataTime []Freshness // of the provinces asked for
}

// AsOf is the moment up to which every province's changes are in the figures; nil: of some it is not known.
func (a Answer) AsOf() *time.Time {
	var oldest *time.Time
	for _, f := range a.DataTime {
		if f.AsOf == nil {
			return nil
		}
		if oldest == nil || f.AsOf.Before(*oldest) {
			oldest = f.AsOf
		}
	}
	return oldest
}

// maxMonths bounds a report.
const maxMonths = 120

// Month reads YYYY-MM as the month's first day.
func Month(field, text string) (time.Time, error) {
	month, err := time.Parse("2006-01", text)
	if err != nil {
		return time.Time{}, fault.Field(fault.Format, field, "input.month")
	}
	return month, nil
}

// Check gives the fault of a question that is out of bounds.
func (q Question) Check() error {
	if q.To.Before(q.From) {
		return fault.Field(fault.Rule, "to", "report.range.reversed")
	}
	if q.From.AddDate(0, maxMonths, 0).Before(q.To) {
		return fault.Field(fault.AboveMaximum, "to", "report.range.too_long", "max", maxMonths)
	}
	for _, d := range q.GroupBy {
		if !slices.Contains(Dimensions(), d) {
			return fault.Field(fault.Enumeration, "groupBy", "input.not_in_list")
		}
	}
	return nil
}

// by reports whether the question groups by a dimension.
func (q Question) by(d Dimension) bool { return slices.Contains(q.GroupBy, d) }
