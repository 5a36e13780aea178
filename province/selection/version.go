package selection

import (
	"strconv"
	"time"

	"jike/schemas/codes"
)

// State is where a version stands; the package comment says how it moves.
type State string

// The states.
const (
	Draft      State = "draft"
	Tried      State = "tried"
	Approved   State = "approved"
	Applying   State = "applying"
	Returning  State = "returning"
	InPower    State = "in_force"
	Superseded State = "superseded"
	Cancelled  State = "cancelled"
)

// The origins of a version.
const (
	OriginBuiltIn      = "built-in"
	OriginProvince     = "province"
	OriginHeadquarters = "headquarters" // approved there
)

// Version is a policy with its history.
type Version struct {
	Version        int32
	Rule           Rule
	State          State
	Origin         string
	NationalNumber *int64 // headquarters' number; nil: not from there
	Author         string // login
	Approver       string // login; empty: nobody yet
	Note           string
	EffectiveAt    *time.Time // nil: as soon as it is approved
	CreatedAt      time.Time
	ApprovedAt     *time.Time
	Trial          *Trial   // nil: there was no dry run
	Rollout        *Rollout // nil: none has begun
}

// Rollout is how far a version has been carried over the customers.
type Rollout struct {
	Reached    int64 // id of the last customer gone over
	Total      int64 // customers to go over
	Judged     int64 // customers gone over, of all passes
	Entered    int64 // flips into the selection
	Left       int64 // flips out of it
	Passes     int32 // above 1: the proof failed once, or the way goes back
	Paused     bool
	Trouble    string // why the last batch was not made; empty: it was
	StartedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time // nil: it goes on
}

// Proposal is what a person states about a new version.
type Proposal struct {
	Rule        Rule
	EffectiveAt *time.Time // nil: as soon as it is approved
	Note        string
}

// Delivered is a policy that headquarters sent down.
type Delivered struct {
	Number      int64  // headquarters' own, unique and rising
	Rule        []byte // JSON of a Rule
	EffectiveAt time.Time
	Note        string
	Withdrawn   bool // by headquarters: it is given up unless it has begun
}

// Side counts what enters the selection, and what leaves it.
type Side struct {
	Enter int64 `json:"enter"`
	Leave int64 `json:"leave"`
}

// Trial is what a dry run counted at one moment, against what is selected then.
type Trial struct {
	At        time.Time   `json:"at"`
	Customers Side        `json:"customers"`
	Stay      int64       `json:"stay"` // customers that stay selected
	Cells     []TrialCell `json:"cells"`
	Rows      []TrialRows `json:"rows"`
	Bytes     int64       `json:"bytes"`  // estimate of what travels, before compression
	Sample    []Moved     `json:"sample"` // the first of each side by id
}

// TrialCell counts customers of one class in one city.
type TrialCell struct {
	Class codes.Class `json:"class"`
	City  codes.City  `json:"city"`
	Side
}

// TrialRows counts rows of one replicated table.
type TrialRows struct {
	Table string `json:"table"` // such as crm.contact
	Side
}

// Moved is a customer that a policy would move.
type Moved struct {
	ID     int64       `json:"id"`
	Number string      `json:"number"`
	Name   string      `json:"name"`
	Class  codes.Class `json:"class"`
	City   codes.City  `json:"city"`
	Enters bool        `json:"enters"`
	Clause Clause      `json:"clause"`
}

// Reason says in which work a customer entered or left the selection.
type Reason string

// The reasons.
const (
	Created     Reason = "created"
	Changed     Reason = "changed" // somebody changed the customer
	RolledOut   Reason = "rollout" // a policy was applied
	RolledBack  Reason = "return"  // a policy was cancelled while it was applied
	sampleSize         = 20        // of each side
	historySize        = 100
)

// Flip is a customer's entry into the selection, or its leaving.
type Flip struct {
	At      time.Time
	Entered bool
	Version int32
	Clause  Clause
	Reason  Reason
}

// Explanation says why a customer is national or not.
type Explanation struct {
	National  bool
	Since     time.Time // of the last flip; without one, when the customer was created
	By        *Flip     // the last flip; nil: the customer was never selected, or before flips were kept
	Version   int32     // by which a save would judge now
	State     State     // of that version
	Would     bool      // what a save would decide now
	Clause    Clause    // by which clause
	Findings  []Finding
	Rule      Rule
	InRollout bool // Would differs from National only while a rollout has not reached the customer
	Facts     Facts
	Flips     []Flip // the newest first, 100 at most
}

// Look gives what a clause looks at: the customer's value, and what the rule lists. Of named and
// excluded customers it lists nothing: who else is on the list is not everybody's matter.
func (e Explanation) Look(c Clause) (value string, wanted []string) {
	switch c {
	case ClauseSensitive:
		return strconv.FormatBool(e.Facts.Sensitive), []string{}
	case ClauseClass:
		return string(e.Facts.Class), textsOf(e.Rule.Classes)
	case ClauseCrossProvince:
		if e.Rule.CrossProvince {
			return strconv.FormatBool(e.Facts.CrossProvince), []string{"true"}
		}
		return strconv.FormatBool(e.Facts.CrossProvince), []string{}
	case ClauseIndustry:
		return string(e.Facts.Industry), textsOf(e.Rule.Industries)
	case ClauseCity:
		return string(e.Facts.City), textsOf(e.Rule.Cities)
	default:
		return "", []string{}
	}
}
