// Package selection decides which group customers go up to headquarters. It is the one place that
// does: whoever saves a customer asks the policy by which it must judge (InForce) and stores its
// answer in customer.national; contacts, contracts, subscriptions and bills follow by their foreign
// keys.
//
// # Policies
//
// A policy is a version: a rule, where it comes from, who wrote and who approved it, and from when it
// is to hold. A version's rule never changes. The states of a version are
//
//	draft     proposed;
//	tried     a dry run has counted what it would move;
//	approved  by another person than its author, or by headquarters: it waits for its time;
//	applying  it is carried over the customers in batches, and every save judges by it;
//	returning it was cancelled while applying: the version in force is carried over all customers;
//	in_force, superseded, cancelled.
//
// # Rollout
//
// Two advisory locks order everything. Every save that judges holds judgeLock shared, from before it
// reads the policy until its transaction ends. Whoever changes by which policy is judged (the begin of
// a rollout, its cancelling) holds it exclusively, after rollLock, which orders all changes of states
// and all batches among themselves. So each save lies wholly before or wholly after such a change.
//
// Invariant: from the begin of a rollout of version N every save judges by N, and every customer that
// a batch has gone over, or that was saved since, is as N says. The others are as they were. A save
// that judged by the version before has committed when the rollout begins, so a batch sees it; a save
// that is open while a batch runs judges by N, so whichever of both comes second at the customer's
// row finds nothing to change. When all ids up to the highest at the begin have been gone over, every
// customer is as N says; Proof counts in one statement that none is not, and only then N is in force.
//
// Whoever changes a fact that policies look at takes part with InForce, Judge and Note.
//
// A batch is one transaction: the flips of up to BatchSize customers, their lines of history, and how
// far the rollout is. What is killed in between goes on where it was. A batch waits for a locked
// customer less long than PostgreSQL takes to look for a deadlock, so no save fails because of it.
//
// The flips travel in the log like any change, so the version of the stream's selection
// (sync.capture.selection), which speaks of row filter and column list, does not rise: both levels
// hold the same rows at every point, and a reconciliation has no reason to expect differences.
package selection

import (
	"slices"
	"strings"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// maxNamed is how many customers a rule may name or exclude one by one: enough for the exceptions,
// few enough that a rule is read with every save. Many customers are selected by a class or flag.
const maxNamed = 1000

// Rule says which customers are selected: those that an include clause names, unless they are
// excluded. Sensitive customers never are, whatever a rule says.
type Rule struct {
	Classes       []codes.Class    `json:"classes,omitempty"`       // of these classes
	CrossProvince bool             `json:"crossProvince,omitempty"` // that span provinces, of whatever class
	Industries    []codes.Industry `json:"industries,omitempty"`    // of these divisions
	Cities        []codes.City     `json:"cities,omitempty"`        // in these cities
	Named         []string         `json:"named,omitempty"`         // numbers or credit codes
	Excluded      []string         `json:"excluded,omitempty"`      // numbers or credit codes: not these
}

// tidy puts names into the form in which numbers and credit codes are stored, sorted, once each.
func (r Rule) tidy() Rule {
	for _, list := range []*[]string{&r.Named, &r.Excluded} {
		var names []string
		for _, n := range *list {
			if n = strings.ToUpper(strings.TrimSpace(n)); n != "" {
				names = append(names, n)
			}
		}
		slices.Sort(names)
		*list = slices.Compact(names)
	}
	return r
}

// check gives a fault for a rule that selects nobody or names too many.
func (r Rule) check() error {
	if len(r.Classes)+len(r.Industries)+len(r.Cities)+len(r.Named) == 0 && !r.CrossProvince {
		return fault.Field(fault.Rule, "rule", "selection.rule.selects_nobody")
	}
	if len(r.Named) > maxNamed || len(r.Excluded) > maxNamed {
		return fault.Field(fault.TooLong, "rule", "selection.rule.too_many_names", "max", maxNamed)
	}
	return nil
}

// Policy is the version by which a save must judge.
type Policy struct {
	Version int32
	Rule    Rule
}

// Facts are what a policy looks at.
type Facts struct {
	Number        string
	CreditCode    codes.CreditCode // empty: none
	Class         codes.Class
	Industry      codes.Industry
	City          codes.City
	CrossProvince bool
	Sensitive     bool
}

// Clause names a part of a rule.
type Clause string

// The clauses. The first of this order that holds decides.
const (
	ClauseSensitive     Clause = "sensitive" // out
	ClauseExcluded      Clause = "excluded"  // out
	ClauseNamed         Clause = "named"     // in, like all that follow
	ClauseClass         Clause = "class"
	ClauseCrossProvince Clause = "crossProvince"
	ClauseIndustry      Clause = "industry"
	ClauseCity          Clause = "city"
	ClauseNone          Clause = "none" // out: no include clause holds
)

// Finding is a clause and whether it holds for a customer.
type Finding struct {
	Clause Clause
	Holds  bool
}

// Findings goes through the clauses in their order.
func (r Rule) Findings(f Facts) []Finding {
	listed := func(names []string) bool {
		return slices.Contains(names, f.Number) || f.CreditCode != "" && slices.Contains(names, string(f.CreditCode))
	}
	return []Finding{
		{ClauseSensitive, f.Sensitive},
		{ClauseExcluded, listed(r.Excluded)},
		{ClauseNamed, listed(r.Named)},
		{ClauseClass, slices.Contains(r.Classes, f.Class)},
		{ClauseCrossProvince, r.CrossProvince && f.CrossProvince},
		{ClauseIndustry, slices.Contains(r.Industries, f.Industry)},
		{ClauseCity, slices.Contains(r.Cities, f.City)},
	}
}

// Judge reports whether a customer goes up, and which clause decides.
func (r Rule) Judge(f Facts) (national bool, by Clause) {
	for _, finding := range r.Findings(f) {
		if finding.Holds {
			return finding.Clause != ClauseSensitive && finding.Clause != ClauseExcluded, finding.Clause
		}
	}
	return false, ClauseNone
}
