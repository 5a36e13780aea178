// Package team says who serves a customer beside its account manager (客户服务团队): assistants and specialists, each
// with a duty, from a first to a last day.
//
// Whoever is in charge of the customer names them: its account manager or who stands in for that one, the head of the
// department, an administrator. From the first to the last day a member reads the customer, and writes contacts,
// interactions, notes of how its business goes, and wishes, as far as the member's own role goes (customer.Store.Serve);
// facts, contracts, members and the answers to wishes stay the matter of those in charge (customer.Store.InCharge), and
// phones stay masked. Sensitive customers stay closed until the member is named for them
// (customer.Viewer). Nothing has to run for it to begin or end: that an account is in teams is read with every request
// (organisation.Store.PlaceOf), and in which, by every statement about customers (customer.Within).
//
// Members are told that they were named and that somebody has released them, until they acknowledge it or the last day is
// over, once for all customers of a hand-over.
//
// A hand-over leaves the team as it is or releases it, as whoever orders it says; an account that is closed is in no team
// any more, and opening it again changes nothing of that.
package team

import (
	"slices"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Duty is what a member does for the customer.
type Duty string

// The duties.
const (
	Assistant          Duty = "assistant"           // 客户经理助理
	ProjectManager     Duty = "project_manager"     // 项目经理
	SolutionSpecialist Duty = "solution_specialist" // 解决方案专家
	DeliveryEngineer   Duty = "delivery_engineer"   // 交付工程师
	ServiceSpecialist  Duty = "service_specialist"  // 客服专员
	BillingSpecialist  Duty = "billing_specialist"  // 账务专员
)

// Duties lists them.
func Duties() []Duty {
	return []Duty{Assistant, ProjectManager, SolutionSpecialist, DeliveryEngineer, ServiceSpecialist, BillingSpecialist}
}

// State is where a membership is in its life.
type State string

// The states.
const (
	Planned State = "planned" // its first day is to come
	Running State = "running"
	Over    State = "over" // its last day is past, or somebody has ended it
)

// Member is somebody in a customer's team.
type Member struct {
	ID         int64
	CustomerID int64
	AccountID  int64
	Login      string
	Name       string
	Unit       string // the member's place in the organisation; empty: none
	Duty       Duty
	From       time.Time // the first day
	Until      time.Time // the last day
	State      State
	NamedBy    string // login
	NamedAt    time.Time
	EndedBy    string     // login; empty: nobody
	EndedAt    *time.Time // before its last day was over; nil: not
}

// Notice tells a member that they were named, or released.
type Notice struct {
	ID         int64
	Customers  int    // more than one: of one hand-over, and the facts of one customer are those of any of them
	CustomerID int64  // 0: the member does not see it
	Customer   string // empty: it is sensitive, and the member does not see it
	Duty       Duty
	From       time.Time
	Until      time.Time
	Released   bool
	By         string // login
	At         time.Time
	Reason     string // of the hand-over; empty: none
}

// Candidate is an account that can be named.
type Candidate struct {
	ID    int64
	Login string
	Name  string
	Unit  string // its place in the organisation
}

// Order names a member.
type Order struct {
	CustomerID int64
	AccountID  int64
	Duty       Duty
	From       time.Time
	Until      time.Time
}

// The bounds. Who needs longer is named anew, so that somebody has thought of it; and who has more customers than that
// is no member of their teams any more.
const (
	longestDays  = 731 // from the first day to the last
	furthestDays = 183 // from today to the first day
	mostTeams    = 500 // of one account at a time
	mostListed   = 200
)

// check gives the fault of an order that cannot be at a moment.
func (o Order) check(now time.Time) error {
	today := codes.Day(now, codes.China)
	switch {
	case !slices.Contains(Duties(), o.Duty):
		return fault.Field(fault.Enumeration, "duty", "input.not_in_list")
	case o.From.Before(today):
		return fault.Field(fault.BelowMinimum, "from", "team.from.past")
	case o.From.After(today.AddDate(0, 0, furthestDays)):
		return fault.Field(fault.AboveMaximum, "from", "team.from.far", "days", furthestDays)
	case o.Until.Before(o.From):
		return fault.Field(fault.BelowMinimum, "until", "team.until.before")
	case o.Until.After(o.From.AddDate(0, 0, longestDays-1)):
		return fault.Field(fault.AboveMaximum, "until", "team.until.far", "days", longestDays)
	}
	return nil
}
