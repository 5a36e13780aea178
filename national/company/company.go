// Package company is the enterprise behind group customers of several provinces (跨省集团客户). Each
// province has its own customer, with its own number, class and account manager; headquarters sees
// them as one company where they have the same credit code. A company on the list of national key
// accounts is one even if one province, or none yet, has it as a customer.
//
// The list is computed by the clock and says when; a company's page reads what the provinces sent.
package company

import (
	"slices"
	"strconv"
	"time"

	"jike/national/customer"
	"jike/schemas/codes"
)

// Company is one line of the list.
type Company struct {
	CreditCode      string
	Name            string // in the list of key accounts, else that of its most valuable customer
	Provinces       []codes.Province
	Customers       int32
	Active          int32       // customers that are active
	Class           codes.Class // the most valuable of its customers
	KeyAccountSince *time.Time  // the day; nil: not on the list of key accounts
}

// Member is the company as one province has it: one of its customers. Amounts are in fen.
type Member struct {
	Province             codes.Province
	ID                   int64
	Number               string
	Name                 string
	Industry             codes.Industry
	City                 codes.City
	Class                codes.Class
	Lifecycle            codes.Lifecycle
	LegalPerson          string
	Address              string
	RegisteredCapitalFen *int64
	Headcount            *int32
	AnnualSalesFen       *int64
	DecisionMaker        string // contact with the role of decision, the first of them
	Contracts            int64  // that are active
	ContractFen          int64  // their amounts
	NextExpiry           string // of the active contract that ends first, YYYY-MM-DD; empty: none
	Subscriptions        int64  // that are active
	MonthlyFeeFen        int64  // of these
	IncomeFen            int64  // billed in the months of the page
	YearBeforeFen        int64  // billed in the same months a year before
	ArrearsFen           int64  // billed and not paid, of all months that are here
	DataTime             *time.Time
	UpdatedAt            *time.Time
}

// Income is what one province billed the company in one month, YYYY-MM.
type Income struct {
	Month     string
	Province  codes.Province
	AmountFen int64
}

// Detail is a company with the provinces side by side.
type Detail struct {
	CreditCode      string
	Name            string
	KeyAccountSince *time.Time
	From, To        string // first and last month of the income, YYYY-MM: the twelve that ended last
	Members         []Member
	Income          []Income // of these months
}

// Differing names the fields that the company's customers state differently, though they are about
// the enterprise and not about the province's business with it: somebody has to be wrong, or late.
// What one province does not state differs from nothing.
func (d Detail) Differing() []string {
	number := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	fields := []struct {
		name string
		of   func(m Member) string
	}{
		{"name", func(m Member) string { return m.Name }},
		{"industry", func(m Member) string { return string(m.Industry) }},
		{"legalPerson", func(m Member) string { return m.LegalPerson }},
		{"registeredCapitalFen", func(m Member) string { return number(m.RegisteredCapitalFen) }},
	}
	differing := []string{}
	for _, f := range fields {
		var stated []string
		for _, m := range d.Members {
			if value := f.of(m); value != "" {
				stated = append(stated, value)
			}
		}
		slices.Sort(stated)
		if len(slices.Compact(stated)) > 1 {
			differing = append(differing, f.name)
		}
	}
	return differing
}

// Filter says which companies a list shows, and in which order. Empty lists and texts do not filter.
type Filter struct {
	Text       string           // a part of the name, or the beginning of a credit code
	Provinces  []codes.Province // companies that all of them have
	KeyAccount *bool            // nil: both
	Sort       string
	Descending bool
	Page       int // from 1
	Size       int // rows of a page
}

// SortKeys lists what a list can be sorted by.
func SortKeys() []string { return []string{"provinces", "name", "class", "customers", "creditCode"} }

func (f Filter) check() error {
	return customer.CheckPage(f.Page, f.Size, f.Text, f.Sort, SortKeys())
}

// months are the first days of the first and the last of the twelve months that ended before now.
func months(now time.Time) (from, to time.Time) {
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return this.AddDate(0, -12, 0), this.AddDate(0, -1, 0)
}
