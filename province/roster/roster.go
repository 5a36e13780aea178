// Package roster keeps rosters (名单): customers that people put together for a purpose, such as those to be visited before
// a holiday, each with the reason why it is there. They are put in by hand, or as the roster's rules (package rule) have
// proposed and a person has confirmed; then the entry keeps the rule and what held as well.
//
// Everybody who reads customers reads the rosters' names, and of their entries those of customers within his scope; the
// customer list can be narrowed to a roster. Heads of departments and administrators make rosters, and put in and take
// out customers within their scope. A roster that is closed takes no more customers; it stays as it was.
package roster

import (
	"time"

	"jike/internal/fault"
)

// Roster is one roster.
type Roster struct {
	ID int64
	Facts
	Author    string // login
	CreatedAt time.Time
	Version   int32
	Rule      int32 // version of its rules that is in force; 0: none
}

// Facts are what a person states of a roster.
type Facts struct {
	Name    string
	Purpose string
	Closed  bool
}

// Why is why a customer is in a roster.
type Why struct {
	Reason  string
	Grounds []byte // the rule and what held; nil: it was put in by hand
	AddedBy string // login
	At      time.Time
}

// Entry is a roster in which a customer is.
type Entry struct {
	RosterID int64
	Name     string
	Purpose  string
	Closed   bool
	Why
}

// Listed is a customer in a roster.
type Listed struct {
	CustomerID int64
	Number     string
	Name       string
	Manager    string // empty: nobody
	Why
}

// Page is a part of a roster, in the order of the customers' ids.
type Page struct {
	Items []Listed
	More  bool
}

// The bounds; texts are in characters.
const (
	maxName    = 60
	maxPurpose = 500
	maxReason  = 500
	mostAtOnce = 20_000 // customers that are put in at once
	mostListed = 500    // rosters
	pageSize   = 50     // customers of a roster
)

// check gives the fault of facts, and the facts without blanks around texts.
func (f Facts) check() (Facts, error) {
	var err error
	if f.Name, err = fault.Text("name", f.Name, maxName); err != nil {
		return f, err
	}
	f.Purpose, err = fault.Text("purpose", f.Purpose, maxPurpose)
	return f, err
}
