package rule

import (
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Proposal is a class that a rule proposes for a customer. Nothing changes until a person decides.
type Proposal struct {
	CustomerID int64
	Number     string
	Name       string
	Manager    string // empty: nobody
	From, To   codes.Class
	Grounds    []byte // the rule and what held
	At         time.Time
}

// Question is which proposals a list shows.
type Question struct {
	From, To codes.Class // empty: any
	After    int64       // the customer after which the page begins
}

// Page is a part of a list of proposals, in the order of the customers' ids.
type Page struct {
	Items []Proposal
	More  bool
}

// Decision is what a person says to proposals.
type Decision struct {
	Customers []int64
	Confirm   bool // the class is changed; else the proposal is declined
	Reason    string
}

// Decided is what became of a decision. Proposals that are no longer there, or not in the person's scope, are left out.
type Decided struct {
	Done    int
	Refused int // what the file of the customer does not allow
}

// decisionMost is how many proposals are decided at once.
const decisionMost = 200

func (d Decision) check() (Decision, error) {
	switch {
	case len(d.Customers) == 0:
		return d, fault.Field(fault.TooShort, "customers", "input.required")
	case len(d.Customers) > decisionMost:
		return d, fault.Field(fault.TooLong, "customers", "rule.decision.too_many", "max", decisionMost)
	}
	var err error
	d.Reason, err = fault.Text("reason", d.Reason, maxReason)
	return d, err
}
