package intake

import (
	"context"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/contact"
	"jike/province/customer"
)

// Store takes records over into the province's customers.
type Store struct {
	customers  *customer.Store
	contacts   *contact.Store
	attributes *attribute.Store
}

// NewStore makes the store.
func NewStore(customers *customer.Store, contacts *contact.Store, attributes *attribute.Store) *Store {
	return &Store{customers, contacts, attributes}
}

// Take does what a record asks for and gives the customer as it is then. Faults: Exists for a
// number or credit code that is taken, NotFound for an unknown number or parent, Rule for a step
// that the life cycle does not have or a customer that is lost already, and those of wrong facts and attributes.
func (s *Store) Take(ctx context.Context, tx pg.Tx, caller account.Caller, r Record) (customer.Customer, error) {
	parentID, err := s.parent(ctx, tx, caller, r)
	if err != nil {
		return customer.Customer{}, err
	}
	var c customer.Customer
	if r.Action == Add {
		c, err = s.customers.CreateIn(ctx, tx, caller, r.overlay(customer.Facts{}, parentID), r.Number)
	} else {
		c, err = s.change(ctx, tx, caller, r, parentID)
	}
	if err != nil || r.Action == Delete {
		return c, err
	}
	if err := s.contacts.ReplaceFromBOSS(ctx, tx, caller, c.ID, c.National, r.Persons); err != nil {
		return c, ofPerson(err)
	}
	if len(r.Attributes) == 0 {
		return c, nil
	}
	return c, ofAttribute(s.attributes.AmendIn(ctx, tx, caller, c.ID, r.Attributes))
}

func (s *Store) change(ctx context.Context, tx pg.Tx, caller account.Caller, r Record, parentID int64) (customer.Customer, error) {
	before, err := s.customers.LockByNumber(ctx, tx, r.Number)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return customer.Customer{}, fault.Field(fault.NotFound, "number", "customer.unknown")
		}
		return customer.Customer{}, err
	}
	if err := r.gone(before.Facts); err != nil {
		return customer.Customer{}, err
	}
	return s.customers.ChangeIn(ctx, tx, caller, before, r.overlay(before.Facts, parentID))
}

func (s *Store) parent(ctx context.Context, tx pg.Tx, caller account.Caller, r Record) (int64, error) {
	if r.ParentNumber == "" || r.Action == Delete {
		return 0, nil
	}
	parent, err := s.customers.ByNumber(ctx, tx, caller, r.ParentNumber)
	if fault.Is(err, fault.NotFound) {
		return 0, fault.Field(fault.NotFound, "parentId", "customer.parent.unknown")
	}
	return parent.ID, err
}
