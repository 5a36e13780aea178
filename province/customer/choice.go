package customer

import (
	"cmp"
	"slices"

	"jike/internal/fault"
)

// Choice says which customers something is done to: those with the ids, or those that a filter lets through.
type Choice struct {
	IDs    []int64
	Filter *Filter
}

// ChoiceBody is a Choice as the browser sends it.
type ChoiceBody struct {
	Customers []int64 `json:"customers" maxItems:"20000" doc:"Ids; not looked at if there is a filter"`
	Filter    *Sieve  `json:"filter,omitempty" doc:"All customers of the list with this filter"`
}

// Choice reads the body, with the faults of all values of the filter joined.
func (b ChoiceBody) Choice() (Choice, error) {
	if b.Filter == nil {
		return Choice{IDs: b.Customers}, nil
	}
	f, err := b.Filter.Filter()
	return Choice{Filter: &f}, err
}

// Seen gives the Conflict fault of customers that are not as many as the person saw who decided on them.
func Seen(list []Care, expected int) error {
	if len(list) != expected {
		return fault.New(fault.Conflict, "choice.changed", "count", len(list))
	}
	return nil
}

// atMost orders the chosen customers by their ids, and gives the faults of none and of more than most.
func atMost(list []Care, most int) ([]Care, error) {
	switch {
	case len(list) == 0:
		return nil, fault.New(fault.TooShort, "choice.none")
	case len(list) > most:
		return nil, fault.New(fault.TooLong, "choice.too_many", "max", most)
	}
	slices.SortFunc(list, func(a, b Care) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}
