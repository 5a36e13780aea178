// Package rule judges customers by rules that are data: where a customer stands in the life cycle (客户生命周期), which
// class it should have (客户分级), and which rosters (名单) it should be in.
//
// A rule set is an ordered list of lines. A line has conditions over a fixed list of facts, of which all or any must
// hold, and an outcome; the first line that holds decides, and where none holds the customer stays as it is. A set
// also says, for each outcome, what is to be done with such a customer (the strategy). A new version is a draft; it
// is tried in a dry run, which counts who would move, and only then can be put in force.
//
//	draft ──► dry run ──► in force until another version is
//
// A run judges all customers in the order of their ids, a batch in a transaction: what it writes, its counts and the
// place that it has reached commit together, so that a node that is killed goes on where it was. Every night one
// begins by the version in force; an administrator can begin one at any time, and end it. A customer is moved by the
// ordinary save, as the act of the rule, with the rule and what held kept in the history of its stages.
//
// A person who knows better sets the stage with a reason, and until a day that he states no rule moves it.
//
// A class is only proposed, and so is to be put into a roster or taken out: the proposal stands beside the customer with
// its grounds until a person confirms or declines it, with a reason. What a person has decided is not proposed again by the
// same version, also to somebody who has taken it back, and whom a person has put into a roster by hand no rule has out. Many are decided by a job.
package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Kind is what a rule set decides.
type Kind string

// The kinds.
const (
	Lifecycle Kind = "lifecycle" // the place in the life cycle
	Grade     Kind = "class"     // the class, as a proposal
)

// ofRoster begins the kind of a roster's rules; the id of the roster follows.
const ofRoster = "roster-"

// OfRoster is the kind of a roster's rules: whether a customer should be in it, as a proposal.
func OfRoster(id int64) Kind { return Kind(ofRoster + strconv.FormatInt(id, 10)) }

// roster is the roster that the rules are of; 0: of none.
func (k Kind) roster() int64 {
	text, _ := strings.CutPrefix(string(k), ofRoster)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// What the rules of a roster decide.
const (
	In  = "in"
	Out = "out"
)

// Outcomes lists what a set of the kind can decide.
func (k Kind) Outcomes() []string {
	switch k {
	case Lifecycle:
		return textsOf(codes.Lifecycles())
	case Grade:
		return textsOf(codes.Classes())
	}
	return []string{In, Out}
}

// Fact is what a condition looks at.
type Fact string

// The facts. Those of a customer count what was merged into it.
const (
	Income           Fact = "income"           // fen billed in so many months that are over
	Arrears          Fact = "arrears"          // fen of all bills that are not paid
	Contracts        Fact = "contracts"        // in force today
	Subscriptions    Fact = "subscriptions"    // active
	Members          Fact = "members"          // lines kept here, or BOSS's count if that is greater
	SinceBill        Fact = "sinceBill"        // days since the end of the newest month that was billed
	SinceInteraction Fact = "sinceInteraction" // days since somebody met the customer
	FileAge          Fact = "fileAge"          // days since the customer was entered
	Stage            Fact = "stage"            // where it stands in the life cycle
	Class            Fact = "class"
)

// Facts lists all facts in the order in which they are shown.
func Facts() []Fact {
	return []Fact{Income, Arrears, Contracts, Subscriptions, Members, SinceBill, SinceInteraction, FileAge, Stage, Class}
}

// choices are the values of a fact that is one of a list; nil: it is a number.
func (f Fact) choices() []string {
	switch f {
	case Stage:
		return textsOf(codes.Lifecycles())
	case Class:
		return textsOf(codes.Classes())
	}
	return nil
}

// Comparison is how a condition compares.
type Comparison string

// The comparisons: two of numbers, one of values.
const (
	AtLeast Comparison = "atLeast"
	AtMost  Comparison = "atMost"
	OneOf   Comparison = "oneOf"
)

// Condition compares one fact.
type Condition struct {
	Fact       Fact       `json:"fact"`
	Months     int        `json:"months,omitempty"` // of Income; else 0
	Comparison Comparison `json:"comparison"`
	Number     int64      `json:"number,omitempty"` // fen, pieces or days
	Values     []string   `json:"values,omitempty"` // of OneOf
}

// Match says how many conditions of a line must hold.
type Match string

// The matches.
const (
	All Match = "all"
	Any Match = "any"
)

// Line decides an outcome by its conditions.
type Line struct {
	Outcome    string      `json:"outcome"`
	Match      Match       `json:"match"`
	Conditions []Condition `json:"conditions"`
}

// Set is what a version states.
type Set struct {
	Lines      []Line
	Strategies map[string]string // by outcome
}

// Version is one version of a rule set.
type Version struct {
	Kind    Kind
	Version int32
	Set
	Author    string
	CreatedAt time.Time
	PutBy     string
	PutAt     *time.Time // when it was put in force last; nil: never
}

// Run is a run over the customers.
type Run struct {
	ID         int64
	Kind       Kind
	Version    int32
	Dry        bool
	Actor      string
	State      State
	Reached    int64
	Upto       int64
	Customers  int // judged
	Held       int // stay because a person said so
	Refused    int // stay because the life cycle has no such step, or the file does not allow a save
	Trouble    string
	StartedAt  time.Time
	FinishedAt *time.Time
	Moves      []Move `db:"-"`
}

// Percent is how far a run is.
func (r Run) Percent() int {
	if r.Upto == 0 || r.State != Running {
		return 100
	}
	return int(100 * r.Reached / r.Upto)
}

// State is where a run stands.
type State string

// The states.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Move is how many customers a run moves from one value to another.
type Move struct {
	From, To  string
	Customers int
}

// The bounds of a set; texts are in characters.
const (
	maxLines      = 50
	maxConditions = 20
	maxMonths     = 24
	maxStrategy   = 500
	maxReason     = 500
	maxNumber     = 1 << 52 // the browser counts in binary fractions
)

// check gives the faults of a set, joined, each with its place, such as lines[0].conditions[1].number.
func (s Set) check(kind Kind) error {
	var faults []error
	add := func(kind fault.Kind, field, code string, pairs ...any) {
		faults = append(faults, fault.Field(kind, field, code, pairs...))
	}
	if len(s.Lines) > maxLines {
		add(fault.TooLong, "lines", "rule.lines.too_many", "max", maxLines)
	}
	for i, l := range s.Lines {
		at := fmt.Sprintf("lines[%d].", i)
		if !slices.Contains(kind.Outcomes(), l.Outcome) {
			add(fault.Enumeration, at+"outcome", "input.not_in_list")
		}
		if l.Match != All && l.Match != Any {
			add(fault.Enumeration, at+"match", "input.not_in_list")
		}
		if len(l.Conditions) == 0 {
			add(fault.TooShort, at+"conditions", "rule.conditions.none")
		}
		if len(l.Conditions) > maxConditions {
			add(fault.TooLong, at+"conditions", "rule.conditions.too_many", "max", maxConditions)
		}
		for j, c := range l.Conditions {
			c.check(fmt.Sprintf("%sconditions[%d].", at, j), add)
		}
	}
	for outcome, text := range s.Strategies {
		switch {
		case !slices.Contains(kind.Outcomes(), outcome):
			add(fault.Enumeration, "strategies."+outcome, "input.not_in_list")
		case utf8.RuneCountInString(text) > maxStrategy:
			add(fault.TooLong, "strategies."+outcome, "input.too_long", "max", maxStrategy)
		case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
			add(fault.Format, "strategies."+outcome, "input.format")
		}
	}
	return errors.Join(faults...)
}

func (c Condition) check(at string, add func(kind fault.Kind, field, code string, pairs ...any)) {
	choices := c.Fact.choices()
	switch {
	case !slices.Contains(Facts(), c.Fact):
		add(fault.Enumeration, at+"fact", "input.not_in_list")
		return
	case choices != nil:
		if c.Comparison != OneOf {
			add(fault.Rule, at+"comparison", "rule.comparison.of_values")
		}
		if len(c.Values) == 0 {
			add(fault.TooShort, at+"values", "input.required")
		}
		for _, v := range c.Values {
			if !slices.Contains(choices, v) {
				add(fault.Enumeration, at+"values", "input.not_in_list")
			}
		}
	case c.Comparison != AtLeast && c.Comparison != AtMost:
		add(fault.Rule, at+"comparison", "rule.comparison.of_numbers")
	case c.Number < 0:
		add(fault.BelowMinimum, at+"number", "input.below_minimum", "min", 0)
	case c.Number > maxNumber:
		add(fault.AboveMaximum, at+"number", "input.above_maximum", "max", maxNumber)
	}
	if c.Fact == Income && (c.Months < 1 || c.Months > maxMonths) {
		add(fault.Rule, at+"months", "rule.months", "max", maxMonths)
	}
}

// tidy drops what a condition does not use and the blanks around strategies.
func (s Set) tidy() Set {
	of := Set{Lines: []Line{}, Strategies: map[string]string{}}
	for _, l := range s.Lines {
		conditions := make([]Condition, len(l.Conditions))
		for i, c := range l.Conditions {
			if c.Fact != Income {
				c.Months = 0
			}
			if c.Fact.choices() != nil {
				c.Number = 0
			} else {
				c.Values = nil
			}
			conditions[i] = c
		}
		l.Conditions = conditions
		of.Lines = append(of.Lines, l)
	}
	for outcome, text := range s.Strategies {
		if text = strings.TrimSpace(text); text != "" {
			of.Strategies[outcome] = text
		}
	}
	return of
}

func textsOf[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return texts
}
