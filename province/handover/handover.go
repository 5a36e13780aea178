// Package handover gives customers from the care of one account manager into that of another (客户移交),
// one or thousands of them, because somebody leaves, is moved, or has too many.
//
// A hand-over is a job (package job): customer by customer it says which was handed over and which was not,
// it survives the node's end, and can be cancelled; what is done stays done. Which customers it is about
// and in whose care they are is written down when it is ordered: one that is in other hands by the time
// its turn comes is left there. With a customer goes what is open at it: contracts that end, birthdays and
// figures belong to the customer and follow by themselves, the former manager's open jobs on it become the
// new manager's. Who is in a customer's team (package team) stays in it or is released, as whoever orders it says.
//
// Both parties are told, and every customer's history keeps from whom to whom, when, by whom and why. A
// hand-over can be handed back as a whole, once: that is a hand-over in the other direction, of those
// customers that nobody has given away since.
package handover

import (
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/job"
)

// Kind is the job that hands over.
const Kind = "customer.handover"

// batchLines are few: every customer that headquarters has goes up again, batch by batch.
const batchLines = 500

// What becomes of a customer, beside being refused.
const (
	HandedOver = "handedOver"
	same       = "same" // in the new manager's care already
)

// Parameters of the job.
const (
	parameterHandover = "handover"
	parameterReason   = "reason"
	parameterUndoes   = "undoes" // the hand-over that is handed back
	parameterTeams    = "teams"  // released; absent: they stay
)

const released = "released"

// The cells of a line. A staff number stands for a person, none for nobody.
const (
	cellNumber = iota
	cellName
	cellFromCode
	cellFromName
	cellToCode
	cellToName
)

// heads are the heads of the cells, Chinese and English.
var heads = [2][]string{
	{"集团编号", "集团名称", "原客户经理工号", "原客户经理", "新客户经理工号", "新客户经理"},
	{"Customer number", "Customer", "From, staff number", "From", "To, staff number", "To"},
}

// The sides of a party.
const (
	Giver    = "from"
	Receiver = "to"
)

// Handover is one hand-over.
type Handover struct {
	ID        int64
	JobID     int64 // 0: forgotten
	ActorID   int64
	Actor     string // login
	At        time.Time
	Reason    string
	Customers int     // as ordered
	UndoesID  int64   // the hand-over that this one hands back; 0: none
	UndoneBy  int64   // the hand-over that hands this one back; 0: none
	Parties   []Party `db:"-"`
}

// Party is a person who gives or receives customers.
type Party struct {
	HandoverID int64
	UnitID     int64
	Name       string
	Side       string
	Customers  int // handed over so far
}

// Order is what a hand-over is made of.
type Order struct {
	customer.Choice
	Expected int   // how many customers the person saw that this is about
	ToID     int64 // person
	Reason   string
	Release  bool // the customers' teams
}

func (o Order) check() (Order, error) {
	var err error
	o.Reason, err = checkReason(o.Reason)
	return o, err
}

const maxReason = 500

func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return "", fault.Field(fault.TooShort, "reason", "handover.reason.missing")
	case utf8.RuneCountInString(reason) > maxReason:
		return "", fault.Field(fault.TooLong, "reason", "input.too_long", "max", maxReason)
	}
	return reason, nil
}

// Preview is what a hand-over would be about.
type Preview struct {
	Customers int
	Managers  []Load // in whose care they are, the greatest first
	Contracts int    // that are in force and end within 90 days
	Jobs      int    // that are open
	Team      int    // who are, or will be, in the customers' teams
}

// Load is how many customers a person has, of those that are meant.
type Load struct {
	Manager   customer.Person // zero: nobody
	Customers int
}

// lineOf is the line of a customer that goes into the care of a person.
func lineOf(c customer.Care, from, to customer.Person) job.Line {
	return job.Line{Cells: []string{c.Number, c.Name, from.Code, from.Name, to.Code, to.Name}}
}

// plan decides what becomes of the lines of a batch, by how things are now.
type plan struct {
	held    map[string]customer.Care // by number
	persons map[string]customer.Person
	nobody  bool            // the caller may leave a customer in nobody's care
	undoes  int64           // the hand-over that is handed back; 0: none
	last    map[int64]int64 // customers' last hand-overs, if one is handed back
}

// decide gives the outcome of a line, and the assignment that it comes to, or says why not.
func (p *plan) decide(l *job.Line) (customer.Assignment, bool) {
	c, seen := p.held[l.Cells[cellNumber]]
	to, may := p.persons[l.Cells[cellToCode]]
	if l.Cells[cellToCode] == "" {
		may = p.nobody
	}
	switch {
	case !seen:
		l.Refuse("customer.unknown")
	case c.Merged:
		l.Refuse("handover.merged")
	case p.undoes != 0 && p.last[c.ID] != p.undoes, c.Manager.Code != l.Cells[cellFromCode]:
		l.Refuse("handover.manager_changed")
	case !may:
		l.Refuse("handover.to.unknown")
	case c.Manager.ID == to.ID:
		l.Outcome = same
	default:
		l.Outcome = HandedOver
		return customer.Assignment{CustomerID: c.ID, From: c.Manager, To: to}, true
	}
	return customer.Assignment{}, false
}

// texts are the words of a result file.
var texts = job.Words(map[string][2]string{
	HandedOver: {"已移交", "handed over"}, same: {"无变化", "no change"},
	"customer.unknown":         {"客户不存在或不在您的范围内", "the customer does not exist or is outside your scope"},
	"handover.merged":          {"客户已并入另一客户", "the customer was merged into another"},
	"handover.manager_changed": {"客户经理已被改动", "the customer is in other hands meanwhile"},
	"handover.to.unknown":      {"接收人已停用或不在您的范围内", "who receives it is inactive or outside your scope"},
})
