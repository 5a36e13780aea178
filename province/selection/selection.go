// Package selection decides which group customers go up to headquarters. It is the one place that
// does: whoever saves a customer asks the policy in force and stores its answer in
// customer.national; contacts, contracts, subscriptions and bills follow by their foreign keys.
package selection

import (
	"slices"

	"jike/schemas/codes"
)

// Policy says which customers are selected. The newest version is in force.
type Policy struct {
	Version       int32
	Classes       []codes.Class // of these classes
	CrossProvince bool          // and those that span provinces, of whatever class
}

// Selects reports whether a customer goes up: of a selected class or across provinces, and not
// sensitive. Sensitive customers never leave the province.
func (p Policy) Selects(class codes.Class, crossProvince, sensitive bool) bool {
	if sensitive {
		return false
	}
	return slices.Contains(p.Classes, class) || p.CrossProvince && crossProvince
}
