package report

import (
	"slices"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Movement is what happened to a customer: it is new, or it was lost.
type Movement string

// The movements.
const (
	New  Movement = "new"
	Lost Movement = "lost"
)

// Movements lists them.
func Movements() []Movement { return []Movement{New, Lost} }

// MovementFilter asks for the customers behind a figure of new or lost ones.
type MovementFilter struct {
	Question   // GroupBy has no meaning
	Kind       Movement
	Page, Size int
}

// Moved is one customer that is counted. Of one that is not here any more, because its province does
// not send it up now, only the key is known.
type Moved struct {
	Province codes.Province
	ID       int64
	Month    string // YYYY-MM
	City     codes.City
	Class    codes.Class
	Industry codes.Section
	Here     bool
	Number   string
	Name     string
}

// Bounds of a page of customers behind a figure.
const (
	maxMovedSize = 200
	maxMovedPage = 50_000
)

func (f MovementFilter) check() error {
	switch {
	case !slices.Contains(Movements(), f.Kind):
		return fault.Field(fault.Enumeration, "kind", "input.not_in_list")
	case f.Page < 1:
		return fault.Field(fault.BelowMinimum, "page", "input.below_minimum", "min", 1)
	case f.Page > maxMovedPage:
		return fault.Field(fault.AboveMaximum, "page", "input.above_maximum", "max", maxMovedPage)
	case f.Size < 1:
		return fault.Field(fault.BelowMinimum, "size", "input.below_minimum", "min", 1)
	case f.Size > maxMovedSize:
		return fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", maxMovedSize)
	}
	return f.Check()
}
