// Package wish keeps what group customers wish for (需求与期望): of products, prices, service and the network, by when,
// and what they were answered.
//
// A wish is open until it is answered or declined, both with words and by somebody; it can be opened again. Whoever may
// read the customer reads its wishes, on its page and its timeline, and whoever serves it (customer.Store.Serve) notes and
// corrects those that are open. An answer is a promise: to give, change or take back one is the matter of those in charge
// of the customer (customer.Store.InCharge). Those that are open are listed across customers, the
// one that is wanted first before all others.
package wish

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Kind is what a wish is about.
type Kind string

// The kinds.
const (
	Product Kind = "product"
	Price   Kind = "price"
	Service Kind = "service"
	Network Kind = "network"
	Other   Kind = "other"
)

// Status is where a wish stands.
type Status string

// The states.
const (
	Open     Status = "open"
	Answered Status = "answered"
	Declined Status = "declined"
)

// Wish is one wish of a customer.
type Wish struct {
	ID         int64
	CustomerID int64
	Facts
	Author     string // login
	At         time.Time
	AnsweredBy string     // login; empty: it is open
	AnsweredAt *time.Time // nil: it is open
	Version    int32
}

// Facts are what a person states.
type Facts struct {
	Kind     Kind
	Body     string
	WantedOn *time.Time // day by which it is wanted; nil: none was said
	Status   Status
	Answer   string // empty: it is open
}

// Listed is an open wish in a list over customers.
type Listed struct {
	Wish
	CustomerName string
	ManagerName  string // empty: nobody's
	InCharge     bool   // the caller is in charge of the customer, and so may answer
}

// Filter narrows the list of open wishes. The zero filter lists all.
type Filter struct {
	Kinds  []Kind // none: all
	UnitID int64  // of the organisation: of customers in the care of anybody within it; 0: any
	Days   int    // wanted within so many days from today, or before; 0: at any time
	After  *Place
}

// Place is where an open wish stands in the list.
type Place struct {
	Day time.Time
	ID  int64
}

// never is the day that a wish without one stands at.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// place is where the wish stands in the list of those that are open.
func (w Wish) place() Place {
	if w.WantedOn == nil {
		return Place{never, w.ID}
	}
	return Place{*w.WantedOn, w.ID}
}

// Page is a part of the list of open wishes.
type Page struct {
	Today   time.Time // the province's
	Total   int       // that the filter finds; more than mostCounted are at least so many
	Overdue int       // of these, wanted before today; counted as the total
	Items   []Listed
	More    bool
}

// The bounds: texts in characters; wishes of a customer that are listed, on a page of the list, and of all customers
// that are counted.
const (
	maxBody     = 1000
	maxAnswer   = 1000
	mostOfOne   = 200
	pageSize    = 50
	mostCounted = 10_000
)

// check gives the faults of the facts by themselves, joined, and the facts without blanks around texts.
func (f Facts) check() (Facts, error) {
	var faults []error
	var err error
	if f.Body, err = fault.Text("body", f.Body, maxBody); err != nil {
		faults = append(faults, err)
	}
	f.Answer = strings.TrimSpace(f.Answer)
	switch {
	case utf8.RuneCountInString(f.Answer) > maxAnswer:
		faults = append(faults, fault.Field(fault.TooLong, "answer", "input.too_long", "max", maxAnswer))
	case strings.ContainsRune(f.Answer, 0) || !utf8.ValidString(f.Answer):
		faults = append(faults, fault.Field(fault.Format, "answer", "input.format"))
	case f.Status == Open && f.Answer != "":
		faults = append(faults, fault.Field(fault.Rule, "answer", "wish.answer.of_open"))
	case f.Status != Open && f.Answer == "":
		faults = append(faults, fault.Field(fault.Rule, "answer", "wish.answer.missing"))
	}
	if !slices.Contains([]Kind{Product, Price, Service, Network, Other}, f.Kind) {
		faults = append(faults, fault.Field(fault.Enumeration, "kind", "input.not_in_list"))
	}
	if !slices.Contains([]Status{Open, Answered, Declined}, f.Status) {
		faults = append(faults, fault.Field(fault.Enumeration, "status", "input.not_in_list"))
	}
	return f, errors.Join(faults...)
}

// settle gives the wish with new facts. Whoever changes where it stands, or what it was answered, has answered it.
func (w Wish) settle(f Facts, actor string, now time.Time) Wish {
	switch {
	case f.Status == Open:
		w.AnsweredBy, w.AnsweredAt = "", nil
	case f.Status != w.Status || f.Answer != w.Answer:
		w.AnsweredBy, w.AnsweredAt = actor, &now
	}
	w.Facts = f
	return w
}
