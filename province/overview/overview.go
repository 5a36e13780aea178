// Package overview is the whole view of a group customer (客户360): the customer with its manager,
// relatives, contacts, contracts, subscriptions, bills, members and history, read at one moment, and its
// timeline. It lies above the capabilities that it reads; they do not know it.
package overview

import (
	"slices"
	"time"

	"jike/internal/account"
	"jike/internal/mask"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/member"
	"jike/province/organisation"
	"jike/province/subscription"
)

// Overview is everything about a customer that the caller may see. Personal facts of contacts
// are as they are stored: Shown hides them.
type Overview struct {
	Customer      customer.Customer
	InCharge      bool               // the caller is more than in the customer's team
	Manager       *organisation.Unit // nil: nobody's
	Parent        *customer.Named
	Children      []customer.Named
	Contacts      []contact.Contact
	Contracts     []contract.Contract
	Subscriptions []subscription.Subscription
	Bills         []bill.Bill // the newest 24 months
	Members       member.Count
	ClassHistory  []customer.ClassChange
	ReadAt        time.Time
}

// months is how many bills an overview shows.
const months = 24

// Shown gives the overview as the caller may read it: personal facts of contacts that are not in the
// caller's sight are masked.
func (o Overview) Shown(caller account.Caller) Overview {
	sight := o.sight(caller)
	contacts := make([]contact.Contact, len(o.Contacts))
	for i, c := range o.Contacts {
		c.Facts = c.Shown(sight)
		contacts[i] = c
	}
	o.Contacts = contacts
	return o
}

// sight is what the caller may read of the people at the customer.
func (o Overview) sight(caller account.Caller) contact.Sight {
	return contact.SightOf(caller, o.Customer.InCareOf(caller))
}

// inSight hides the personal facts that are not in sight in a document of the trail, at any depth.
func inSight(sight contact.Sight, doc map[string]any) map[string]any {
	if doc == nil {
		return nil
	}
	clean := make(map[string]any, len(doc))
	for name, value := range doc {
		switch v := value.(type) {
		case map[string]any:
			value = inSight(sight, v)
		case []any:
			list := make([]any, len(v))
			for i, item := range v {
				if m, ok := item.(map[string]any); ok {
					item = inSight(sight, m)
				}
				list[i] = item
			}
			value = list
		}
		if field := contact.Field(name); value != nil && slices.Contains(contact.PersonalFields(), field) && !sight.Reads(field) {
			value = mask.Hidden
		}
		clean[name] = value
	}
	return clean
}
