package customer

import (
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// longestNaming is for how many years somebody can be named.
const longestNaming = 2

// Viewer is a person who by name may see a sensitive customer (保密客户), up to a day. Being named lifts the
// bar of the sensitive flag only: the customer must be in the person's reach besides, so that it is heads of
// departments who are named, who stands in for its account manager, and who is in its team. The account manager themself, and whoever may mark
// customers, need not be.
type Viewer struct {
	AccountID int64
	Login     string
	Name      string
	Until     time.Time // the last day
	Reason    string
	NamedBy   string
	NamedAt   time.Time
}

// Candidate is a person who can be named.
type Candidate struct {
	ID    int64
	Login string
	Name  string
}

// naming gives the reason without blanks around it, and the faults of a naming at a moment.
func naming(reason string, until, now time.Time) (string, error) {
	reason, err := fault.Text("reason", reason, maxReason)
	today := now.In(codes.China).Format(time.DateOnly)
	switch {
	case err != nil:
		return "", err
	case until.Format(time.DateOnly) < today:
		return "", fault.Field(fault.BelowMinimum, "until", "customer.viewer.until", "years", longestNaming)
	case until.After(now.AddDate(longestNaming, 0, 0)):
		return "", fault.Field(fault.AboveMaximum, "until", "customer.viewer.until", "years", longestNaming)
	}
	return reason, nil
}
