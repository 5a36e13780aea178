// Package overview is the whole view of a group customer (客户360): the customer with its manager,
// relatives, contacts, contracts, subscriptions, bills, members, history and changes, read at one
// moment. It lies above the capabilities that it reads; they do not know it.
package overview

import (
	"time"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/member"
	"jike/province/organisation"
	"jike/province/subscription"
)

// Overview is everything about a customer that the caller may see. Private facts of contacts and
// changes are as they are stored: Shown hides them.
type Overview struct {
	Customer      customer.Customer
	Manager       *organisation.Unit // nil: nobody's
	Parent        *customer.Named
	Children      []customer.Named
	Contacts      []contact.Contact
	Contracts     []contract.Contract
	Subscriptions []subscription.Subscription
	Bills         []bill.Bill // the newest 24 months
	Members       member.Count
	ClassHistory  []customer.ClassChange
	Changes       []audit.Line
	ReadAt        time.Time
}

// months is how many bills an overview shows, changes how many lines of the trail.
const (
	months  = 24
	changes = 50
)

// privateFacts are the names under which the audit trail keeps private facts of contacts.
var privateFacts = map[string]bool{"mobile": true, "birthday": true, "family": true, "hobbies": true}

// Shown gives the overview as the caller may read it: without the permission contact.private the
// private facts of contacts are masked, and those in the trail are hidden.
func (o Overview) Shown(caller account.Caller) Overview {
	if caller.May(account.ContactPrivate) {
		return o
	}
	contacts := make([]contact.Contact, len(o.Contacts))
	for i, c := range o.Contacts {
		c.Private = c.Shown(caller)
		contacts[i] = c
	}
	lines := make([]audit.Line, len(o.Changes))
	for i, l := range o.Changes {
		if l.ObjectKind == "contact" {
			l.Before, l.After = withoutPrivate(l.Before), withoutPrivate(l.After)
		}
		lines[i] = l
	}
	o.Contacts, o.Changes = contacts, lines
	return o
}

// withoutPrivate hides private facts in a document of the trail, at any depth.
func withoutPrivate(doc map[string]any) map[string]any {
	if doc == nil {
		return nil
	}
	clean := make(map[string]any, len(doc))
	for name, value := range doc {
		switch v := value.(type) {
		case map[string]any:
			value = withoutPrivate(v)
		case []any:
			list := make([]any, len(v))
			for i, item := range v {
				if m, ok := item.(map[string]any); ok {
					item = withoutPrivate(m)
				}
				list[i] = item
			}
			value = list
		}
		if privateFacts[name] && value != nil {
			value = "***"
		}
		clean[name] = value
	}
	return clean
}
