// Package contract is the contracts with group customers (合同): number, name, dates, amount and
// where each stands. A contract is drafted, becomes active, and expires or is terminated. Another may renew
// it, at most one: that makes a chain, and what is renewed ends when the other is in force.
package contract

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Status is where a contract stands.
type Status string

// The states.
const (
	Draft      Status = "draft"
	Active     Status = "active"
	Expired    Status = "expired"
	Terminated Status = "terminated"
)

// transitions says where a contract may go from where it is.
var transitions = map[Status][]Status{
	Draft:      {Active, Terminated},
	Active:     {Expired, Terminated},
	Expired:    {Active, Terminated},
	Terminated: {},
}

// Contract is a contract with a customer.
type Contract struct {
	ID         int64
	CustomerID int64
	Facts
	RenewsID  int64 // the contract that this one renews, 0: none
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is agreed. Dates have no time of day; the amount is in fen.
type Facts struct {
	Number      string // unique in the province
	Name        string
	SignedOn    time.Time
	EffectiveOn time.Time
	ExpiresOn   time.Time
	AutoRenew   bool
	AmountFen   int64
	Status      Status
}

// The greatest lengths, in characters.
const (
	maxNumber = 40
	maxName   = 120
)

// check gives the faults of the facts by themselves, joined, and the facts without blanks around
// texts.
func (f Facts) check() (Facts, error) {
	f.Number, f.Name = strings.TrimSpace(f.Number), strings.TrimSpace(f.Name)
	var faults []error
	for _, text := range []struct {
		field, value string
		most         int
	}{{"number", f.Number, maxNumber}, {"name", f.Name, maxName}} {
		if text.value == "" {
			faults = append(faults, fault.Field(fault.TooShort, text.field, "input.too_short", "min", 1))
		}
		if utf8.RuneCountInString(text.value) > text.most {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", text.most))
		}
		if strings.ContainsRune(text.value, 0) || !utf8.ValidString(text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	if f.ExpiresOn.Before(f.EffectiveOn) {
		faults = append(faults, fault.Field(fault.Rule, "expiresOn", "contract.expires_before_effective"))
	}
	if f.AmountFen < 0 {
		faults = append(faults, fault.Field(fault.BelowMinimum, "amountFen", "input.below_minimum", "min", 0))
	}
	if _, known := transitions[f.Status]; !known {
		faults = append(faults, fault.Field(fault.Enumeration, "status", "contract.status.unknown"))
	}
	return f, errors.Join(faults...)
}

// begin gives the fault of a state that a new contract may not have.
func begin(f Facts) error {
	if f.Status != Draft && f.Status != Active {
		return fault.Field(fault.Rule, "status", "contract.status.beginning")
	}
	return nil
}

// change gives the fault of a step that a contract may not take.
func change(before, after Facts) error {
	if before.Status == after.Status || slices.Contains(transitions[before.Status], after.Status) {
		return nil
	}
	return fault.Field(fault.Rule, "status", "contract.status.transition", "from", string(before.Status), "to", string(after.Status))
}
