// Package situation keeps how a group customer's business goes (客户经营状况), as those who serve it learn of it: how
// sales and headcount go, what it plans, which carrier and which supplier of its systems serve it until when, and when
// it decides its budget.
//
// Each note says how the customer stood on a day, as a whole. It has an author and is never changed: what is learnt
// later, or what was wrong, is another note, and the one of the latest day is how the customer stands. Whoever may read
// the customer reads its notes, and whoever serves it (customer.Store.Serve) writes them.
package situation

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Trend is where a figure of the customer goes; empty: it is not known.
type Trend string

// The trends.
const (
	Rises   Trend = "rises"
	Stays   Trend = "stays"
	Shrinks Trend = "shrinks"
)

// Plan is what the customer is about to do with its business; empty: it is not known.
type Plan string

// The plans.
const (
	Expand   Plan = "expand"   // open branches, take in people
	Move     Plan = "move"     // to other premises
	Renew    Plan = "renew"    // its networks and systems
	Reduce   Plan = "reduce"   // close branches, let people go
	Continue Plan = "continue" // as it is
)

// Carrier is who serves the customer for the most part; empty: it is not known.
type Carrier string

// The carriers.
const (
	Mobile   Carrier = "mobile"   // 中国移动
	Telecom  Carrier = "telecom"  // 中国电信
	Unicom   Carrier = "unicom"   // 中国联通
	Broadnet Carrier = "broadnet" // 中国广电
	Several  Carrier = "several"
)

// Situation is how a customer stood on a day.
type Situation struct {
	ID         int64
	CustomerID int64
	Facts
	Author string // login
	At     time.Time
}

// Facts are what a person states.
type Facts struct {
	OfDay         time.Time
	Sales         Trend
	Headcount     Trend
	Plan          Plan
	Carrier       Carrier
	CarrierUntil  *time.Time // last day of the contract with it; nil: it is not known
	Supplier      string     // of its systems; empty: it is not known
	SupplierUntil *time.Time // last day of the contract with it; nil: it is not known
	BudgetMonth   int16      // in which the next year's budget is decided, 1 to 12; 0: it is not known
	Body          string
}

// The greatest lengths, in characters, and how many notes of a customer are listed.
const (
	maxSupplier = 120
	maxBody     = 2000
	mostListed  = 100
)

// check gives the faults of the facts by themselves, joined, and the facts without blanks around texts.
func (f Facts) check(today time.Time) (Facts, error) {
	f.Supplier, f.Body = strings.TrimSpace(f.Supplier), strings.TrimSpace(f.Body)
	var faults []error
	for _, text := range []struct {
		field, value string
		most         int
	}{{"supplier", f.Supplier, maxSupplier}, {"body", f.Body, maxBody}} {
		if utf8.RuneCountInString(text.value) > text.most {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", text.most))
		}
		if strings.ContainsRune(text.value, 0) || !utf8.ValidString(text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	for _, choice := range []struct {
		field string
		known bool
	}{
		{"sales", slices.Contains([]Trend{"", Rises, Stays, Shrinks}, f.Sales)},
		{"headcount", slices.Contains([]Trend{"", Rises, Stays, Shrinks}, f.Headcount)},
		{"plan", slices.Contains([]Plan{"", Expand, Move, Renew, Reduce, Continue}, f.Plan)},
		{"carrier", slices.Contains([]Carrier{"", Mobile, Telecom, Unicom, Broadnet, Several}, f.Carrier)},
		{"budgetMonth", f.BudgetMonth >= 0 && f.BudgetMonth <= 12},
	} {
		if !choice.known {
			faults = append(faults, fault.Field(fault.Enumeration, choice.field, "input.not_in_list"))
		}
	}
	if f.OfDay.After(today) {
		faults = append(faults, fault.Field(fault.Rule, "ofDay", "situation.day.future"))
	}
	if f.CarrierUntil != nil && f.Carrier == "" {
		faults = append(faults, fault.Field(fault.Rule, "carrier", "situation.until.of_nobody"))
	}
	if f.SupplierUntil != nil && f.Supplier == "" {
		faults = append(faults, fault.Field(fault.Rule, "supplier", "situation.until.of_nobody"))
	}
	if (f == Facts{OfDay: f.OfDay}) {
		faults = append(faults, fault.Field(fault.TooShort, "body", "situation.empty"))
	}
	return f, errors.Join(faults...)
}
