package customer

import "time"

// Rule is a rule by which a customer is seen.
type Rule string

// The rules: by which a customer is within reach, and by which a sensitive one is seen besides.
const (
	RuleOwn      Rule = "own"      // in the caller's own care
	RuleUnit     Rule = "unit"     // in the care of somebody in the caller's unit, or below it
	RuleDeputy   Rule = "deputy"   // in the care of somebody for whom the caller stands in, see package deputy
	RuleTeam     Rule = "team"     // the caller is in the customer's team, see package team
	RuleProvince Rule = "province" // the caller's role reaches the whole province
	RuleNamed    Rule = "named"    // the caller is named for the sensitive customer, see Viewer
	RuleMarks    Rule = "marks"    // the caller may mark customers as sensitive
)

// Access says why somebody sees a customer.
type Access struct {
	Reach     []Rule // by which the customer is within reach, at least one
	Sensitive bool
	Sight     []Rule // by which the sensitive customer is seen; none if it is not sensitive
	Manager   string // the customer's account manager; empty: nobody
	Unit      string // the caller's place in the organisation; empty: none
	UnitKind  string // of organisation.Kind
	// DeputyUntil is the last day on which the caller stands in for the manager; nil: does not.
	DeputyUntil *time.Time
	TeamDuty    string     // the caller's in the customer's team, of team.Duty; empty: is not in it
	TeamUntil   *time.Time // the last day of that
	Until       *time.Time // the last day for which the caller is named; nil: not named
	NamedBy     string     // login
	Reason      string     // why they are named
}
