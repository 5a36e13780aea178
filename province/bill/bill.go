// Package bill is the monthly bills of group customers (月账单) as billing sends them: one per
// customer and month. A line sent again replaces the bill of that month.
package bill

import (
	"errors"
	"time"

	"jike/internal/fault"
)

// Bill is a customer's bill of one month. Amounts are in fen.
type Bill struct {
	ID         int64
	CustomerID int64
	Month      time.Time // the month's first day
	AmountFen  int64
	PaidFen    int64
	UpdatedAt  time.Time
}

// Line is a bill as billing sends it.
type Line struct {
	CustomerNumber string
	Month          time.Time // the month's first day
	AmountFen      int64
	PaidFen        int64
}

// Check gives the faults of the line by itself, joined.
func (l Line) Check() error {
	var faults []error
	if l.CustomerNumber == "" {
		faults = append(faults, fault.Field(fault.TooShort, "customerNumber", "input.too_short", "min", 1))
	}
	if l.Month.Day() != 1 {
		faults = append(faults, fault.Field(fault.Format, "month", "bill.month.format"))
	}
	if l.AmountFen < 0 {
		faults = append(faults, fault.Field(fault.BelowMinimum, "amountFen", "input.below_minimum", "min", 0))
	}
	if l.PaidFen < 0 {
		faults = append(faults, fault.Field(fault.BelowMinimum, "paidFen", "input.below_minimum", "min", 0))
	}
	return errors.Join(faults...)
}

// Result says what became of the lines of a batch. The lists hold positions in the batch.
type Result struct {
	Written   int   // bills that were added or changed
	Unchanged int   // lines that say what is known already
	Unknown   []int // lines for a number that no customer has
	Repeated  []int // lines for a customer and month that an earlier line of the batch had
}

// month is by which lines of a batch are told apart.
type month struct {
	number string
	month  string
}

// split gives the positions of the lines that count and of those that repeat an earlier one.
func split(lines []Line) (first, repeated []int) {
	seen := make(map[month]bool, len(lines))
	for i, l := range lines {
		key := month{l.CustomerNumber, l.Month.Format("2006-01")}
		if seen[key] {
			repeated = append(repeated, i)
			continue
		}
		seen[key] = true
		first = append(first, i)
	}
	return first, repeated
}
