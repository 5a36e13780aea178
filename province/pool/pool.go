// Package pool is where customers are that are in nobody's care (公海).
//
// They stand in the pool of their city: every account manager of the city's branch sees there what a list shows of
// them, no more, and may take one into care. Sensitive ones only who may mark customers sees. Of two who take the
// same one at once the first gets it. A customer that its manager cannot serve goes back for a reason, and whoever
// gave it back may not take it again for some days, so that nobody holds customers by turns. Every step is in the
// customer's history of responsibility.
//
// The rule is data, edited by an administrator: how many customers a manager may have to take another one, the
// cooling-off days, and after how many days without any change or interaction a customer returns by itself, at night.
package pool

import (
	"errors"
	"slices"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Rule is by which customers leave the pool and return to it.
type Rule struct {
	MostHeld    int               // customers that a manager may have, with the one taken
	CoolingDays int               // in which nobody takes what they have returned; 0: none
	IdleDays    int               // without a change or an interaction, after which a customer returns; 0: never
	IdleStates  []codes.Lifecycle // of customers that return so
	Version     int32
	Author      string
	ChangedAt   time.Time
}

// The bounds of a rule, and of the reason of a return in characters.
const (
	mostHeld    = 100_000
	mostCooling = 365
	mostIdle    = 3650
	maxReason   = 500
)

// check gives the faults of a rule, joined.
func (r Rule) check() error {
	var faults []error
	for _, bound := range []struct {
		field              string
		value, least, most int
	}{{"mostHeld", r.MostHeld, 1, mostHeld}, {"coolingDays", r.CoolingDays, 0, mostCooling}, {"idleDays", r.IdleDays, 0, mostIdle}} {
		switch {
		case bound.value < bound.least:
			faults = append(faults, fault.Field(fault.BelowMinimum, bound.field, "input.below_minimum", "min", bound.least))
		case bound.value > bound.most:
			faults = append(faults, fault.Field(fault.AboveMaximum, bound.field, "input.above_maximum", "max", bound.most))
		}
	}
	for _, state := range r.IdleStates {
		if !slices.Contains(codes.Lifecycles(), state) {
			faults = append(faults, fault.Field(fault.Enumeration, "idleStates", "input.not_in_list"))
		}
	}
	return errors.Join(faults...)
}
