package account

import "strings"

// Reach says how far a scope goes.
type Reach uint8

// The reaches, from nothing to everything.
const (
	ReachNothing    Reach = iota // no row at all
	ReachOwn                     // what is in the caller's own care
	ReachDepartment              // the caller's unit and all units below it
	ReachProvince                // the whole province
	ReachNation                  // every province; used at the national node
)

// String is the reach as the portal calls it.
func (r Reach) String() string {
	return [...]string{"nothing", "own", "department", "province", "nation"}[r]
}

// Scope is the part of the customers that a caller reaches. Stores turn it into a condition.
type Scope struct {
	Reach  Reach
	UnitID int64  // the caller's unit: what is "own"
	Path   string // path of the caller's unit: where "department and below" starts
	// Absent are the units of account managers for whom the caller stands in: what is in their care is in scope
	// besides. Covers does not count it: nobody gives them anything on that ground.
	Absent []int64
	// Teams says that the customers in whose teams the caller is are in scope besides. Covers does not count it either.
	Teams bool
}

// Covers reports whether a row in the care of the unit with this id and path is in scope.
// A row in nobody's care has the id 0 and an empty path: only a whole province reaches it.
func (s Scope) Covers(unitID int64, path string) bool {
	switch s.Reach {
	case ReachOwn:
		return unitID != 0 && unitID == s.UnitID
	case ReachDepartment:
		return path != "" && strings.HasPrefix(path, s.Path)
	case ReachProvince, ReachNation:
		return true
	default:
		return false
	}
}
