// Package completeness says how complete the file of a group customer is (资料完整度): a score from 0 to 100, and
// which facts are missing.
//
// The rule is data: the weight of each fact, stated by an administrator. The score is the share of the weights of
// the facts that are there, rounded down, so that only a file without a gap has 100. A customer that was merged into
// another one has none.
//
// Scores are kept beside the customers, with the sums of each account manager, so that no request goes over the
// customers: whoever changes a fact notes the customer by a trigger, and a task (Keep) judges what is noted every
// two seconds. A new rule is carried over all customers by the same task, in batches of their ids; until it has
// reached a customer, that one has the score of the rule before.
package completeness

import (
	"errors"
	"slices"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Fact is something that a complete file has.
type Fact string

// The facts, in the order in which they are shown.
const (
	Identity          Fact = "identity" // a credit code, or another licence
	OrganisationType  Fact = "organisationType"
	LegalPerson       Fact = "legalPerson"
	RegisteredCapital Fact = "registeredCapital"
	Headcount         Fact = "headcount"
	AnnualSales       Fact = "annualSales"
	Address           Fact = "address"
	Postcode          Fact = "postcode"
	Profile           Fact = "profile"
	Manager           Fact = "manager"
	Contact           Fact = "contact"       // anybody
	Phone             Fact = "phone"         // of anybody
	DecisionMaker     Fact = "decisionMaker" // somebody who decides
	Site              Fact = "site"          // one that is not closed
)

// Facts lists all facts.
func Facts() []Fact {
	return []Fact{
		Identity, OrganisationType, LegalPerson, RegisteredCapital, Headcount, AnnualSales, Address, Postcode, Profile, Manager,
		Contact, Phone, DecisionMaker, Site,
	}
}

// maxWeight is the greatest weight of a fact.
const maxWeight = 1000

// Rule is what counts.
type Rule struct {
	Weights   map[Fact]int // 0 or none: does not count
	Version   int32
	Pending   bool // it has not reached all customers yet
	Author    string
	ChangedAt time.Time
}

// check gives the faults of weights, joined.
func check(weights map[Fact]int) error {
	var faults []error
	total := 0
	for fact, weight := range weights {
		switch {
		case !slices.Contains(Facts(), fact):
			faults = append(faults, fault.Field(fault.Enumeration, string(fact), "input.not_in_list"))
		case weight < 0:
			faults = append(faults, fault.Field(fault.BelowMinimum, string(fact), "input.below_minimum", "min", 0))
		case weight > maxWeight:
			faults = append(faults, fault.Field(fault.AboveMaximum, string(fact), "input.above_maximum", "max", maxWeight))
		}
		total += weight
	}
	if len(faults) == 0 && total == 0 {
		faults = append(faults, fault.New(fault.Rule, "completeness.nothing_counts"))
	}
	return errors.Join(faults...)
}

// Finding is one fact of a customer.
type Finding struct {
	Fact   Fact
	Weight int
	Held   bool
}

// Score adds findings up: 0 to 100.
func Score(findings []Finding) int {
	held, all := 0, 0
	for _, f := range findings {
		all += f.Weight
		if f.Held {
			held += f.Weight
		}
	}
	if all == 0 {
		return 0
	}
	return 100 * held / all
}

// Group is what the customers of a manager or a department add up to.
type Group struct {
	ID         int64 // unit; 0: customers that are nobody's
	Name       string
	Department string // of a manager
	Customers  int
	Points     int64 // sum of the scores
	Whole      int   // customers with the full score
}

// Row is a customer in the list of one manager's.
type Row struct {
	ID      int64
	Number  string
	Name    string
	Class   codes.Class
	Score   int
	Missing []Fact
}

// Page is a part of a manager's customers, the least complete first.
type Page struct {
	Items []Row
	More  bool
}
