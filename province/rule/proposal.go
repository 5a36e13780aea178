package rule

import (
	"slices"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/job"
)

// Proposal is a value that a rule proposes for a customer. Nothing changes until a person decides.
type Proposal struct {
	CustomerID int64
	RosterID   int64 // whose rules propose it; 0: the rules of classes
	Roster     string
	Number     string
	Name       string
	Manager    string // empty: nobody
	From, To   string
	Grounds    []byte // the rule and what held
	At         time.Time
}

// Question is which proposals are meant.
type Question struct {
	Kind     Kind
	From, To string // empty: any
	After    int64  // the customer after which a page begins
}

// Page is a part of a list of proposals, in the order of the customers' ids.
type Page struct {
	Items []Proposal
	More  bool
}

// Answer is what a person says to proposals.
type Answer struct {
	Confirm bool // what is proposed becomes so; else the proposal is declined
	Reason  string
}

// Decision is an answer to the proposals for some customers.
type Decision struct {
	Kind      Kind
	Customers []int64
	Answer
}

// Order is an answer to all proposals that are meant by a question, which a job gives.
type Order struct {
	Question
	Answer
	Expected int // how many proposals the person saw that this is about
}

// Decided is what became of a decision. Proposals that are no longer there, or not in the person's scope, are left out.
type Decided struct {
	Done    int
	Refused int // what the file of the customer does not allow
}

// decisionMost is how many proposals are decided in a request; a job decides more.
const decisionMost = 200

// right is what a person needs to decide proposals of a kind. Stages are not proposed.
func (k Kind) right() account.Permission {
	if k == Grade {
		return account.CustomerClassify
	}
	return account.RosterManage
}

// check gives the fault of values that the kind does not have.
func (q Question) check() error {
	outcomes := q.Kind.Outcomes()
	switch {
	case q.From != "" && !slices.Contains(outcomes, q.From):
		return fault.Field(fault.Enumeration, "from", "input.not_in_list")
	case q.To != "" && !slices.Contains(outcomes, q.To):
		return fault.Field(fault.Enumeration, "to", "input.not_in_list")
	}
	return nil
}

// check gives the fault of an answer, and the answer without blanks around the reason.
func (a Answer) check() (Answer, error) {
	var err error
	a.Reason, err = fault.Text("reason", a.Reason, maxReason)
	return a, err
}

func (d Decision) check() (Decision, error) {
	switch {
	case len(d.Customers) == 0:
		return d, fault.Field(fault.TooShort, "customers", "input.required")
	case len(d.Customers) > decisionMost:
		return d, fault.Field(fault.TooLong, "customers", "rule.decision.too_many", "max", decisionMost)
	}
	var err error
	d.Answer, err = d.Answer.check()
	return d, err
}

// JobKind is the job that decides proposals.
const JobKind = "proposal.decide"

// jobLines are few: every customer that headquarters has goes up again, batch by batch.
const jobLines = 500

// What becomes of a proposal, beside being refused.
const (
	confirmed = "confirmed"
	declined  = "declined"
)

// outcome is what becomes of the proposals.
func (a Answer) outcome() string {
	if a.Confirm {
		return confirmed
	}
	return declined
}

// The cells of a line: the customer, and the proposal as the person was told of it.
const (
	cellNumber = iota
	cellName
	cellFrom
	cellTo
)

// heads are the heads of the cells, Chinese and English.
var heads = [2][]string{{"集团编号", "集团名称", "现为", "建议"}, {"Customer number", "Customer", "Is", "Proposed"}}

// said are the words for being in a roster and not being in it, Chinese and English. A class is its own word.
var said = map[string][2]string{In: {"在名单中", "in the roster"}, Out: {"不在名单中", "not in the roster"}}

// saying puts what a customer is, or is proposed to be, into a language: 0 is Chinese, 1 English.
func saying(value string, language int) string {
	if words, is := said[value]; is {
		return words[language]
	}
	return value
}

// says reports whether a cell says a value, in either language.
func says(cell, value string) bool { return cell == saying(value, 0) || cell == saying(value, 1) }

// The parameters of the job.
const (
	parameterKind   = "kind"
	parameterAnswer = "answer"
	parameterReason = "reason"
)

func (o Order) parameters() map[string]string {
	return map[string]string{parameterKind: string(o.Kind), parameterAnswer: o.outcome(), parameterReason: o.Reason}
}

func orderOf(j job.Job) (Kind, Answer) {
	return Kind(j.Parameters[parameterKind]), Answer{j.Parameters[parameterAnswer] == confirmed, j.Parameters[parameterReason]}
}

// words are those of a result file.
var words = job.Words(customer.SaveWords, map[string][2]string{
	confirmed: {"已采纳", "confirmed"}, declined: {"不采纳", "declined"},
	"rule.proposal.gone": {"该建议已不存在或已变化", "it is proposed no more, or something else is"},
})
