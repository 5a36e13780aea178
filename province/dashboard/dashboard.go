// Package dashboard shows a head of department the part of the province that they reach at a glance (部门看板): customers
// by class and stage, income against the month before, what is owed, and the managers side by side.
//
// Customers are counted at the moment. Income and arrears of a million customers are not added up for a page: each
// manager's are kept as sums over what the customers have by themselves (crm.customer_figure), computed about every minute,
// and the page says as of when. Whoever reaches the whole province sees departments first, and the managers of one then.
package dashboard

import (
	"cmp"
	"slices"
	"time"

	"jike/province/completeness"
	"jike/province/customer"
)

// Group is what the customers of a manager or a department come to.
type Group struct {
	ID         int64 // unit; 0: customers that are nobody's
	Name       string
	Department string // of a manager
	Customers  int64  // not merged into others
	Points     int64  // sum of the scores of completeness
	Income
}

// Income are amounts of customers, in fen.
type Income struct {
	LastFen    int64 // billed for the last month that is over
	BeforeFen  int64 // for the month before that
	ArrearsFen int64 // of all bills, what is not paid
}

func (i Income) plus(other Income) Income {
	return Income{i.LastFen + other.LastFen, i.BeforeFen + other.BeforeFen, i.ArrearsFen + other.ArrearsFen}
}

// Dashboard is what a caller sees.
type Dashboard struct {
	Month       time.Time  // first day of the month that Income.LastFen is of
	AsOf        *time.Time // of the amounts; nil: they have not been computed yet
	Counts      []customer.StageCount
	Total       Income // of everything within the caller's scope
	Departments bool   // Groups are departments, not managers
	Groups      []Group
}

// lastMonth is the first day of the last month that is over, at a time of day in the province.
func lastMonth(now time.Time) time.Time {
	return time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
}

// joined are the groups with what both say of them, those with the highest income first.
func joined(judged []completeness.Group, billed []Group) []Group {
	all := map[int64]Group{}
	for _, g := range billed {
		all[g.ID] = g
	}
	for _, g := range judged {
		with := all[g.ID]
		all[g.ID] = Group{g.ID, g.Name, g.Department, int64(g.Customers), g.Points, with.Income}
	}
	list := make([]Group, 0, len(all))
	for _, g := range all {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b Group) int { return cmp.Or(cmp.Compare(b.LastFen, a.LastFen), cmp.Compare(a.ID, b.ID)) })
	return list
}
