package reconcile

import (
	"fmt"
	"math"

	"jike/internal/fault"
	"jike/schemas/replica"
)

// Scope is the part of a province's rows that a run compares. The zero Scope is everything; only
// a certificate about everything proves an epoch.
type Scope struct {
	Table string `json:"table"`          // with its schema; empty: all tables
	From  *int64 `json:"from,omitempty"` // smallest key, nil: from the smallest there can be
	To    *int64 `json:"to,omitempty"`   // largest key, nil: to the largest there can be
}

// whole reports whether the scope is everything.
func (s Scope) whole() bool { return s.Table == "" }

func (s Scope) low() int64 {
	if s.From != nil {
		return *s.From
	}
	return math.MinInt64
}

func (s Scope) high() int64 {
	if s.To != nil {
		return *s.To
	}
	return math.MaxInt64
}

// tables gives those of all that the scope is about.
func (s Scope) tables(all []replica.Table) []replica.Table {
	if s.whole() {
		return all
	}
	for i, t := range all {
		if t.Qualified() == s.Table {
			return all[i : i+1]
		}
	}
	return nil
}

// check says what no run can compare. Errors: NotFound for a table that is not replicated, Rule
// for keys without a table or the other way round.
func (s Scope) check(all []replica.Table) error {
	switch {
	case s.whole() && (s.From != nil || s.To != nil):
		return fault.Field(fault.Rule, "table", "reconciliation.keys_without_table")
	case len(s.tables(all)) == 0:
		return fault.Field(fault.NotFound, "table", "reconciliation.table.unknown", "table", s.Table)
	case s.low() > s.high():
		return fault.Field(fault.Rule, "to", "reconciliation.keys_reversed")
	}
	return nil
}

// equal reports whether both are the same part.
func (s Scope) equal(other Scope) bool {
	return s.Table == other.Table && s.low() == other.low() && s.high() == other.high()
}

// String writes the scope for a person, such as "crm.customer, keys 1 to 500".
func (s Scope) String() string {
	bound := func(key *int64, open string) string {
		if key == nil {
			return open
		}
		return fmt.Sprint(*key)
	}
	switch {
	case s.whole():
		return "everything"
	case s.From == nil && s.To == nil:
		return s.Table
	}
	return fmt.Sprintf("%s, keys %s to %s", s.Table, bound(s.From, "the smallest"), bound(s.To, "the largest"))
}
