package rule

import (
	"time"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/schemas/codes"
)

// StageOf is where a customer stands in the life cycle, and why.
type StageOf struct {
	Stage    codes.Lifecycle
	Since    time.Time
	Strategy string                 // what the rule set in force says is to be done; empty: nothing
	Hold     *Hold                  // nil: rules move the customer
	History  []customer.StageChange // the newest first
}

// Hold is a stage that a person has set, and that no rule changes.
type Hold struct {
	Until  time.Time // the last day
	Reason string
	Actor  string
	At     time.Time
}

// Wish is what a person sets.
type Wish struct {
	Stage  codes.Lifecycle
	Until  time.Time // the last day on which no rule moves the customer
	Reason string
}

// longest is how long a stage can be held.
const longest = 2 // years

// check gives the faults of a wish on a day, and the wish without blanks around the reason.
func (w Wish) check(today time.Time) (Wish, error) {
	day := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	switch {
	case w.Until.Before(day):
		return w, fault.Field(fault.Rule, "until", "rule.hold.past")
	case w.Until.After(day.AddDate(longest, 0, 0)):
		return w, fault.Field(fault.Rule, "until", "rule.hold.too_long", "years", longest)
	}
	var err error
	w.Reason, err = fault.Text("reason", w.Reason, maxReason)
	return w, err
}
