package organisation

import "jike/internal/fault"

// Node is a unit of the tree with what hangs on it.
type Node struct {
	Unit
	People    int // persons in service, itself or below
	Accounts  int // active, of this very unit
	Customers int // in the care of itself or of anybody below, as counted some seconds ago
}

// gather adds up what the units have, each with all below it. Units come with those above them first, each with
// its own customers.
func gather(list []Node) {
	places := make(map[int64]int, len(list))
	for i := range list {
		places[list[i].ID] = i
		if list[i].Kind == KindPerson && list[i].Active {
			list[i].People = 1
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if above, there := places[list[i].ParentID]; there {
			list[above].People += list[i].People
			list[above].Customers += list[i].Customers
		}
	}
}

// Load is what keeps a unit from being closed.
type Load struct {
	Units     int // in service below it
	Accounts  int // active
	Customers int // in the care of the unit or of anybody below
}

// check gives a Rule fault that says what hangs on the unit.
func (l Load) check() error {
	switch {
	case l.Customers > 0:
		return fault.New(fault.Rule, "organisation.close.customers", "count", l.Customers)
	case l.Units > 0:
		return fault.New(fault.Rule, "organisation.close.units", "count", l.Units)
	case l.Accounts > 0:
		return fault.New(fault.Rule, "organisation.close.accounts", "count", l.Accounts)
	}
	return nil
}
