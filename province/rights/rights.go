// Package rights tells what an account's rights come to at this moment (有效权限), beside the permissions of its role: the
// units within its reach, which facts it reads masked, how many customers it exports alone, and what its reach rests on
// beside the role: deputyships, customers' teams, and the sensitive customers that it is named for.
//
// Everybody is told of their own account, and whoever manages accounts of every one. It is read from where it is decided,
// nothing is kept for it.
package rights

import (
	"time"

	"jike/internal/account"
	"jike/province/contact"
	"jike/province/organisation"
)

// Rights are those that the account's next request has. Of an account that is closed, or whose unit is, they are none.
type Rights struct {
	Units  []organisation.Unit // within reach, each after the one above it, without people; at most mostUnits
	People int                 // account managers within reach
	// Masked are the personal facts that are read masked: at customers in the account's own care, and at those of others.
	MaskedOwn, MaskedOthers []contact.Field
	ExportsAlone            *int // customers; nil: exports none
	Deputyships             []Deputyship
	Teams                   []Team // of customers that the caller sees, at most mostListed
	Named                   []Naming
}

// Deputyship is an account manager for whom the account stands in today.
type Deputyship struct {
	Absent string
	Until  time.Time // the last day
	Reason string
}

// Team is a customer in whose team the account is today.
type Team struct {
	CustomerID int64
	Number     string
	Name       string
	Duty       string    // of team.Duty
	Until      time.Time // the last day
}

// Naming is a sensitive customer that the account is named for (customer.Viewer).
type Naming struct {
	CustomerID int64
	Number     string
	Name       string
	Until      time.Time // the last day
	Reason     string
}

const (
	mostUnits  = 300
	mostListed = 200
)

// masked are the personal facts that the account reads masked; own says at which customers.
func masked(caller account.Caller, own bool) (fields []contact.Field) {
	sight := contact.SightOf(caller, own)
	for _, f := range contact.PersonalFields() {
		if !sight.Reads(f) {
			fields = append(fields, f)
		}
	}
	return fields
}
