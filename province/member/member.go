// Package member counts the members of group customers (集团成员): the phone lines that belong to
// one. It is a count only; the lines themselves are kept by BOSS. Counts never go to headquarters
// by customer, only within the monthly summary.
package member

import (
	"time"

	"jike/internal/fault"
)

// Count is how many members a customer has.
type Count struct {
	Members   int32
	UpdatedAt time.Time // zero: never counted
}

// check gives a fault for a count below zero.
func check(members int32) error {
	if members < 0 {
		return fault.Field(fault.BelowMinimum, "members", "input.below_minimum", "min", 0)
	}
	return nil
}
