// Package subscription is what a group customer subscribes to (产品订购). A subscription moves
// through the states of TM Forum's product inventory (TMF637) by the table below.
package subscription

import (
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Status is where a subscription stands.
type Status string

// The states of TMF637.
const (
	Created          Status = "created"
	PendingActive    Status = "pendingActive"
	Active           Status = "active"
	Suspended        Status = "suspended"
	PendingTerminate Status = "pendingTerminate"
	Terminated       Status = "terminated"
	Cancelled        Status = "cancelled"
	Aborted          Status = "aborted"
)

// transitions says where a subscription may go from where it is.
var transitions = map[Status][]Status{
	Created:          {PendingActive, Cancelled, Aborted},
	PendingActive:    {Active, Cancelled, Aborted},
	Active:           {Suspended, PendingTerminate, Terminated},
	Suspended:        {Active, PendingTerminate, Terminated},
	PendingTerminate: {Active, Terminated},
	Terminated:       {},
	Cancelled:        {},
	Aborted:          {},
}

// over are the states from which nothing follows; a subscription in one of them has an end.
func (s Status) over() bool { return len(transitions[s]) == 0 }

// Subscription is a product that a customer has.
type Subscription struct {
	ID         int64
	CustomerID int64
	Facts
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is subscribed. Dates have no time of day; the fee is in fen a month for the whole
// quantity.
type Facts struct {
	ProductCode   string
	ProductName   string
	Quantity      int32
	MonthlyFeeFen int64
	Status        Status
	StartedOn     time.Time
	EndedOn       *time.Time // nil: not over
}

// maxText is the greatest length of a product's code and name, in characters.
const maxText = 100

// check gives the faults of the facts by themselves, joined.
func (f Facts) check() error {
	var faults []error
	for field, value := range map[string]string{"productCode": f.ProductCode, "productName": f.ProductName} {
		if value == "" {
			faults = append(faults, fault.Field(fault.TooShort, field, "input.too_short", "min", 1))
		}
		if utf8.RuneCountInString(value) > maxText {
			faults = append(faults, fault.Field(fault.TooLong, field, "input.too_long", "max", maxText))
		}
	}
	if f.Quantity < 1 {
		faults = append(faults, fault.Field(fault.BelowMinimum, "quantity", "input.below_minimum", "min", 1))
	}
	if f.MonthlyFeeFen < 0 {
		faults = append(faults, fault.Field(fault.BelowMinimum, "monthlyFeeFen", "input.below_minimum", "min", 0))
	}
	if _, known := transitions[f.Status]; !known {
		faults = append(faults, fault.Field(fault.Enumeration, "status", "subscription.status.unknown"))
	}
	if f.EndedOn != nil && f.EndedOn.Before(f.StartedOn) {
		faults = append(faults, fault.Field(fault.Rule, "endedOn", "subscription.ends_before_start"))
	}
	if f.Status.over() != (f.EndedOn != nil) {
		faults = append(faults, fault.Field(fault.Rule, "endedOn", "subscription.end_and_status"))
	}
	return errors.Join(faults...)
}

// step gives the fault of a step that a subscription may not take.
func step(from, to Status) error {
	if slices.Contains(transitions[from], to) {
		return nil
	}
	return fault.Field(fault.Rule, "status", "subscription.status.transition", "from", string(from), "to", string(to))
}
