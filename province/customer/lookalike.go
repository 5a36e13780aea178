package customer

import (
	"jike/internal/fault"
	"jike/schemas/codes"
)

// Question asks for the customers that a new or changed one may be the same company as.
type Question struct {
	Name       string
	CreditCode codes.CreditCode // empty: none
	Except     int64            // the customer that is changed itself; 0: a new one
}

// LookAlike is a customer that may be the same company.
type LookAlike struct {
	ID          int64
	Number      string
	Name        string
	City        codes.City
	Class       codes.Class
	Lifecycle   codes.Lifecycle
	ManagerName string
	SameCode    bool   // the credit code is the same: it is the same company
	Matched     string // the name that is near-equal; empty: none is
	Former      bool   // Matched is an old name of it
}

// LookAlikes are those that the caller may see, and how many there are beside them. These count
// even where the caller must not know more about them, sensitive customers too: a company that is
// entered twice costs more than the knowledge that some customer has such a name.
type LookAlikes struct {
	Shown     []LookAlike
	Hidden    int
	CodeTaken bool // by any customer, shown or not
}

// NearEqual is how many customers of another credit code have a near-equal name.
func (l LookAlikes) NearEqual() int {
	n := l.Hidden
	for _, a := range l.Shown {
		if !a.SameCode {
			n++
		}
	}
	return n
}

// check gives the fault of saving a customer with more look-alikes than the person has seen and
// said to be others.
func (l LookAlikes) check(confirmed int) error {
	if l.NearEqual() <= confirmed {
		return nil
	}
	return fault.Field(fault.Rule, "name", "customer.look_alikes", "count", l.NearEqual())
}

// NameColumns are the columns of crm.customer_name in the order of NameRows.
func NameColumns() []string {
	return []string{"customer_id", "name", "core", "place", "former", "initials", "core_initials"}
}

// NameRows are the rows of crm.customer_name of a customer that is written by COPY.
func NameRows(id int64, name string) [][]any {
	var rows [][]any
	seen := map[string]bool{}
	for _, n := range codes.CompanyNames(name) {
		if seen[n.Text] {
			continue // an old name that is mentioned twice
		}
		seen[n.Text] = true
		rows = append(rows, []any{id, n.Text, n.Core, n.Place, n.Former, Initials(n.Text), Initials(n.Core)})
	}
	return rows
}
