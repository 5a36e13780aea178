// Package deputy says who stands in for an account manager (代理人) while they are away, on leave or travelling.
//
// From the first to the last day the deputy reaches the customers in the absent one's care, beside their own,
// and may do with them what the deputy's own role allows: no permission comes with it. It is these customers
// and no others. What the absent one reaches as somebody's deputy does not pass on, and sensitive customers
// stay closed until the deputy is named for them (customer.Viewer). Nothing has to run for it to begin or end:
// whose deputy an account is, is read with every request (organisation.Store.PlaceOf).
//
// Account managers name a deputy for themselves, heads of departments for their people, both from among
// those around them; an administrator names anybody for anybody.
package deputy

import (
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// State is where a deputyship is in its life.
type State string

// The states.
const (
	Planned State = "planned" // its first day is to come
	Running State = "running"
	Over    State = "over" // its last day is past, or somebody has ended it
)

// Deputy is somebody who stands in for an account manager for some days.
type Deputy struct {
	ID        int64
	AbsentID  int64 // unit of the account manager
	Absent    string
	AccountID int64 // of the deputy
	Login     string
	Name      string
	From      time.Time // the first day
	Until     time.Time // the last day
	Reason    string
	State     State
	NamedBy   string // login
	NamedAt   time.Time
	EndedBy   string     // login; empty: nobody
	EndedAt   *time.Time // before its last day was over; nil: not
}

// Candidate is an account that can be named.
type Candidate struct {
	ID    int64
	Login string
	Name  string
	Unit  string // its place in the organisation
}

// Order names a deputy.
type Order struct {
	AbsentID  int64 // unit of the account manager
	AccountID int64 // of the deputy
	From      time.Time
	Until     time.Time
	Reason    string
}

// The bounds of a deputyship: what lasts longer than the longest is a hand-over.
const (
	longestDays  = 92
	furthestDays = 183 // from today to its first day
	maxReason    = 200
)

// check gives the order without blanks around the reason, and the fault of one that cannot be at a moment.
func (o Order) check(now time.Time) (Order, error) {
	var err error
	o.Reason, err = fault.Text("reason", o.Reason, maxReason)
	today := codes.Day(now, codes.China)
	switch {
	case err != nil:
		return o, err
	case o.From.Before(today):
		return o, fault.Field(fault.BelowMinimum, "from", "deputy.from.past")
	case o.From.After(today.AddDate(0, 0, furthestDays)):
		return o, fault.Field(fault.AboveMaximum, "from", "deputy.from.far", "days", furthestDays)
	case o.Until.Before(o.From):
		return o, fault.Field(fault.BelowMinimum, "until", "deputy.until.before")
	case o.Until.After(o.From.AddDate(0, 0, longestDays-1)):
		return o, fault.Field(fault.AboveMaximum, "until", "deputy.until.far", "days", longestDays)
	}
	return o, nil
}
