package exporting

import (
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/province/customer"
)

// Order says what an export is to hold.
type Order struct {
	Filter     customer.Sieve `json:"filter"`
	Sort       string         `json:"sort"`
	Dir        string         `json:"dir"` // asc or desc
	Format     Format         `json:"format"`
	Attributes []string       `json:"attributes"` // codes of custom attributes that are columns too
	Language   string         `json:"language"`   // of the headings
}

// Rule says how many customers one person may export alone.
type Rule struct {
	MostAlone int
	WaitHours int // for which a request waits
	Version   int32
	Author    string
	ChangedAt time.Time
}

// longestWait is how long a request may wait, in hours.
const longestWait = 720

func (r Rule) check() error {
	switch {
	case r.MostAlone < 0:
		return fault.Field(fault.BelowMinimum, "mostAlone", "input.below_minimum", "min", 0)
	case r.MostAlone > MaxRows:
		return fault.Field(fault.AboveMaximum, "mostAlone", "input.above_maximum", "max", MaxRows)
	case r.WaitHours < 1:
		return fault.Field(fault.BelowMinimum, "waitHours", "input.below_minimum", "min", 1)
	case r.WaitHours > longestWait:
		return fault.Field(fault.AboveMaximum, "waitHours", "input.above_maximum", "max", longestWait)
	}
	return nil
}

// alone gives the fault of an export of so many rows by one person.
func (r Rule) alone(rows int) error {
	if rows > r.MostAlone {
		return fault.New(fault.Rule, "export.needs_approval", "rows", rows, "max", r.MostAlone)
	}
	return nil
}

// State is where a request stands.
type State string

// The states.
const (
	Waiting  State = "waiting"
	Approved State = "approved"
	Declined State = "declined"
	Expired  State = "expired"
)

// Request is an export that needs a second person.
type Request struct {
	ID          int64
	RequesterID int64  // account
	Requester   string // login
	Ordered     Order
	Customers   int // that the filter found
	Reason      string
	State       State
	CreatedAt   time.Time
	ExpiresAt   time.Time
	DecidedBy   string     // login; empty: nobody
	DecidedAt   *time.Time // nil: not decided
	Answer      string     // why it was declined
	JobID       int64      // 0: none, or forgotten
}

// decidable gives the fault of a decision by an account.
func (r Request) decidable(accountID int64) error {
	switch {
	case r.RequesterID == accountID:
		return fault.New(fault.Denied, "export.request.own")
	case r.State == Expired:
		return fault.New(fault.Rule, "export.request.expired")
	case r.State != Waiting:
		return fault.New(fault.Rule, "export.request.decided")
	}
	return nil
}

// grown reports whether a filter finds too many customers more than were approved.
func grown(found, approved int) bool { return found > approved+approved/10 }

// ChangedError is an approval of a request that no longer says what the approver has seen. It wraps a Conflict fault.
type ChangedError struct{ Current Request }

// Error says how many customers it is about now.
func (e *ChangedError) Error() string { return e.Unwrap().Error() }

// Unwrap gives the fault.
func (e *ChangedError) Unwrap() error {
	return fault.New(fault.Conflict, "export.request.changed", "customers", e.Current.Customers)
}

// longestReason is the most characters of a reason.
const longestReason = 500

// tidyReason gives a reason without space around it. Fault: none, or one that is too long.
func tidyReason(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", fault.Field(fault.TooShort, "reason", "export.reason.missing")
	case n > longestReason:
		return "", fault.Field(fault.TooLong, "reason", "input.too_long", "max", longestReason)
	}
	return text, nil
}
