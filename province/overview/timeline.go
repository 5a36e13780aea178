package overview

import (
	"time"

	"jike/province/contact"
)

// Kind is what an event on a customer's timeline is about.
type Kind string

// The kinds.
const (
	OfInteraction  Kind = "interaction"  // held, with its documents; corrected
	OfWish         Kind = "wish"         // made, answered
	OfContract     Kind = "contract"     // signed, changed, renewed, about to end; its documents
	OfSubscription Kind = "subscription" // begun, changed, ended
	OfBill         Kind = "bill"         // a month that is not paid
	OfMerge        Kind = "merge"
	OfImport       Kind = "import"
	OfChange       Kind = "change" // what else was changed, from the trail
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{OfInteraction, OfWish, OfContract, OfSubscription, OfBill, OfMerge, OfImport, OfChange}
}

// Event is something that happened with a customer. Before and After are documents as the trail has them.
type Event struct {
	Place
	Kind       Kind
	Action     string // such as contract.renew
	Actor      string // empty: nobody of ours
	Absent     string // name of the account manager for whom the actor stood in; empty: nobody
	ObjectKind string
	ObjectID   int64
	Before     map[string]any
	After      map[string]any
}

// Place is where an event stands on the timeline; no two have the same.
type Place struct {
	At     time.Time
	Source int // which table it comes from
	ID     int64
}

// timelineSize is how many events a page of the timeline has.
const timelineSize = 30

// shown hides the personal facts of contacts that are not in sight.
func (e Event) shown(sight contact.Sight) Event {
	if e.ObjectKind == "contact" {
		e.Before, e.After = inSight(sight, e.Before), inSight(sight, e.After)
	}
	return e
}
