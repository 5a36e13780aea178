package customer

import (
	"time"

	"jike/schemas/codes"
)

// Person is an account manager; the zero Person is nobody.
type Person struct {
	ID   int64
	Code string // staff number (工号)
	Name string
}

// Care is in whose care a customer is.
type Care struct {
	ID      int64
	Number  string
	Name    string
	Manager Person
	Merged  bool // into another customer
}

// Assignment gives a customer into the care of another person, or of nobody.
type Assignment struct {
	CustomerID int64
	From, To   Person
}

// Cause says why customers are given into the care of others.
type Cause struct {
	HandoverID int64 // of package handover; 0: none
	Reason     string
}

// Pooled is a customer in nobody's care, as the pool shows it.
type Pooled struct {
	ID        int64
	Number    string
	Name      string
	Class     codes.Class
	Lifecycle codes.Lifecycle
	Industry  codes.Industry
	City      codes.City
	Since     time.Time // in nobody's care
	From      string    // who cared for it before; empty: nobody
	Reason    string    // why no longer
}

// Responsibility is one change of who cares for a customer.
type Responsibility struct {
	From, To   string // names; empty: nobody
	At         time.Time
	Actor      string
	Reason     string
	HandoverID int64 // 0: a change of this one customer
}
