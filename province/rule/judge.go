package rule

import (
	"slices"
	"time"
)

// Values are what a customer's facts are on a day.
type Values struct {
	ID            int64
	Number        string
	Stage         string
	Class         string
	Arrears       int64 // fen
	Contracts     int64
	Subscriptions int64
	Members       int64
	Billed        []time.Time // months, first days, of the last maxMonths that are over
	Amounts       []int64     // fen, of those months
	NewestBill    *time.Time  // month, its first day; nil: never billed
	Interaction   *time.Time  // the last; nil: none
	EnteredAt     time.Time
	Entry         string // how it came into the roster whose rules are asked, byHand or by them; empty: it is not in it
}

// byHand is the entry into a roster that a person has made.
const byHand = "hand"

// Ground is a condition that held, with what the fact was.
type Ground struct {
	Condition
	Actual *int64 `json:"actual,omitempty"` // fen, pieces or days; nil: it never was, or is no number
	Choice string `json:"choice,omitempty"` // of a fact that is one of a list
}

// grounds are what the history of a stage keeps of the rule that changed it.
type grounds struct {
	Version int32    `json:"version"`
	Line    int      `json:"line"` // from 1
	Match   Match    `json:"match"`
	Held    []Ground `json:"held"`
}

// grounds are those of a verdict by a version.
func (v Version) grounds(of Verdict) grounds {
	return grounds{v.Version, of.Line, v.Lines[of.Line-1].Match, of.Grounds}
}

// Verdict is what a set says of a customer. Without an outcome no line holds.
type Verdict struct {
	Outcome string
	Line    int // from 1
	Grounds []Ground
}

// value is what a customer has of what rules of the kind decide.
func (k Kind) value(v Values) string {
	switch {
	case k == Lifecycle:
		return v.Stage
	case k == Grade:
		return v.Class
	case v.Entry != "":
		return In
	}
	return Out
}

// proposed is a customer that a verdict would have elsewhere.
type proposed struct {
	Values
	Verdict
}

// elsewhere judges customers on a day and gives those that the set wants to be something else than they are.
func (v Version) elsewhere(values []Values, today time.Time) (list []proposed) {
	for _, of := range values {
		if verdict := v.Judge(of, today); verdict.Outcome != "" && verdict.Outcome != v.Kind.value(of) {
			list = append(list, proposed{of, verdict})
		}
	}
	return list
}

// Judge finds the first line that holds for a customer on a day.
func (s Set) Judge(v Values, today time.Time) Verdict {
	for i, l := range s.Lines {
		var grounds []Ground
		for _, c := range l.Conditions {
			if g, holds := c.holds(v, today); holds {
				grounds = append(grounds, g)
			}
		}
		if len(grounds) == len(l.Conditions) || l.Match == Any && len(grounds) > 0 {
			return Verdict{l.Outcome, i + 1, grounds}
		}
	}
	return Verdict{}
}

// holds compares one fact. What never was is longer ago than anything.
func (c Condition) holds(v Values, today time.Time) (Ground, bool) {
	g := Ground{Condition: c}
	switch c.Fact {
	case Stage:
		g.Choice = v.Stage
	case Class:
		g.Choice = v.Class
	default:
		if n, was := v.number(c, today); was {
			g.Actual = &n
		}
	}
	switch c.Comparison {
	case OneOf:
		return g, slices.Contains(c.Values, g.Choice)
	case AtLeast:
		return g, g.Actual == nil || *g.Actual >= c.Number
	case AtMost:
		return g, g.Actual != nil && *g.Actual <= c.Number
	}
	return g, false
}

// number is a fact that is a number; was is false for the days since what never was.
func (v Values) number(c Condition, today time.Time) (n int64, was bool) {
	switch c.Fact {
	case Income:
		since := firstOfMonth(today).AddDate(0, -c.Months, 0)
		for i, month := range v.Billed {
			if !month.Before(since) {
				n += v.Amounts[i]
			}
		}
	case Arrears:
		n = v.Arrears
	case Contracts:
		n = v.Contracts
	case Subscriptions:
		n = v.Subscriptions
	case Members:
		n = v.Members
	case SinceBill:
		if v.NewestBill == nil {
			return 0, false
		}
		n = days(v.NewestBill.AddDate(0, 1, -1), today)
	case SinceInteraction:
		if v.Interaction == nil {
			return 0, false
		}
		n = days(*v.Interaction, today)
	case FileAge:
		n = days(v.EnteredAt, today)
	}
	return n, true
}

// days are those from a moment to a day, by the calendar of the day's zone; none before it.
func days(from, today time.Time) int64 {
	from = from.In(today.Location())
	start := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	end := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	return max(0, int64(end.Sub(start)/(24*time.Hour)))
}

// firstOfMonth is the first day of a day's month, as months of bills are.
func firstOfMonth(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}
