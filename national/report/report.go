// Package report computes headquarters' figures from the monthly summaries that every province
// sends of all its customers, selected or not. Each answer names its source, the formula of each
// measure and how fresh each province's share is.
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

// Source is the table that every figure comes from.
const Source = "crm.monthly_summary"

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
		"monthOnMonth": {
			Chinese: "（本月收入 − 上月收入）÷ 上月收入，单位：万分之一；两个月省份齐全时才计算",
			English: "(income − income of the month before) ÷ income of the month before, in hundredths of a percent; only where the same provinces reported both months",
		},
		"yearOnYear": {
			Chinese: "（本月收入 − 上年同月收入）÷ 上年同月收入，单位：万分之一；两个月省份齐全时才计算",
			English: "(income − income of the same month a year before) ÷ that income, in hundredths of a percent; only where the same provinces reported both months",
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
	Month        string // YYYY-MM
	Province     codes.Province
	City         codes.City
	Class        codes.Class
	Industry     codes.Section
	Customers    int64
	Members      int64
	IncomeFen    int64
	MonthOnMonth *int64 // growth in hundredths of a percent; nil where the months cannot be compared
	YearOnYear   *int64
}

// Freshness is how far a province's share can be trusted.
type Freshness struct {
	Province  codes.Province
	AsOf      *time.Time // every change committed before this is in the figures; nil: nothing is known
	Refreshed *time.Time // when the province last computed its summary
	LastMonth string     // the newest month of its summary, YYYY-MM
}

// Answer is a report.
type Answer struct {
	Rows     []Row
	DataTime []Freshness // of the provinces asked for
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

func (q Question) check() error {
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
