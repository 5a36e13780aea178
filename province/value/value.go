// Package value is the value score of a group customer (价值评分): from 0 to 100, how much the customer is worth
// to the carrier beyond its class. Who may decide the class rates it and says why; the newest score is the one
// in force, and the earlier ones stay as its history.
package value

import (
	"time"

	"jike/internal/fault"
)

// Score is one rating of a customer.
type Score struct {
	Score  int32 // of 100
	Reason string
	Actor  string
	At     time.Time
}

// The bounds of a rating; the reason is in characters.
const (
	most      = 100
	maxReason = 500
)

// check gives the faults of a rating, and its reason without blanks around it.
func check(score int32, reason string) (string, error) {
	switch {
	case score < 0:
		return "", fault.Field(fault.BelowMinimum, "score", "input.below_minimum", "min", 0)
	case score > most:
		return "", fault.Field(fault.AboveMaximum, "score", "input.above_maximum", "max", most)
	}
	return fault.Text("reason", reason, maxReason)
}
