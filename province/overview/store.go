package overview

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/member"
	"jike/province/organisation"
	"jike/province/subscription"
)

// Store reads across the capabilities.
type Store struct {
	db   *pgxpool.Pool
	zone *time.Location
	Sources
}

// Sources are the stores that an overview is read from.
type Sources struct {
	Organisation  *organisation.Store
	Customers     *customer.Store
	Contacts      *contact.Store
	Contracts     *contract.Store
	Subscriptions *subscription.Store
	Bills         *bill.Store
	Members       *member.Store
	Attributes    *attribute.Store
}

// NewStore makes the store; zone is the province's, in which days begin.
func NewStore(db *pgxpool.Pool, zone *time.Location, sources Sources) *Store {
	return &Store{db, zone, sources}
}

// ByID reads the overview of a customer at one moment, private facts as the caller may see them.
// One that does not exist or that the caller may not see is a NotFound fault.
func (s *Store) ByID(ctx context.Context, caller account.Caller, id int64) (Overview, error) {
	return s.read(ctx, caller, func(tx pg.Tx) (customer.Customer, error) { return s.Customers.GetIn(ctx, tx, caller, id) })
}

// ByNumber is ByID by the customer's number.
func (s *Store) ByNumber(ctx context.Context, caller account.Caller, number string) (Overview, error) {
	return s.read(ctx, caller, func(tx pg.Tx) (customer.Customer, error) {
		return s.Customers.ByNumber(ctx, tx, caller, number)
	})
}

func (s *Store) read(ctx context.Context, caller account.Caller, find func(pg.Tx) (customer.Customer, error)) (Overview, error) {
	var o Overview
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, moment, func(t pgx.Tx) (err error) {
		tx := pg.AsTx(t)
		if o.Customer, err = find(tx); err != nil {
			return err
		}
		if err := t.QueryRow(ctx, `SELECT now()`).Scan(&o.ReadAt); err != nil {
			return err
		}
		return s.fill(ctx, tx, caller, &o)
	})
	return o.Shown(caller), err
}

// fill reads everything around the customer.
func (s *Store) fill(ctx context.Context, tx pg.Tx, caller account.Caller, o *Overview) (err error) {
	id := o.Customer.ID
	if o.InCharge = true; caller.Teams {
		denied := s.Customers.InCharge(ctx, tx, caller, id)
		if o.InCharge = denied == nil; !o.InCharge && !fault.Is(denied, fault.Denied) {
			return denied
		}
	}
	if o.Customer.ManagerID != 0 {
		unit, err := s.Organisation.Unit(ctx, tx, o.Customer.ManagerID)
		if err != nil {
			return err
		}
		o.Manager = &unit
	}
	if o.Parent, o.Children, err = s.Customers.Relatives(ctx, tx, caller, o.Customer); err != nil {
		return err
	}
	if o.Contacts, err = s.Contacts.List(ctx, tx, id); err != nil {
		return err
	}
	if o.Contracts, err = s.Contracts.List(ctx, tx, id); err != nil {
		return err
	}
	if o.Subscriptions, err = s.Subscriptions.List(ctx, tx, id); err != nil {
		return err
	}
	if o.Bills, err = s.Bills.List(ctx, tx, id, months); err != nil {
		return err
	}
	if o.Members, err = s.Members.Stated(ctx, tx, id); err != nil {
		return err
	}
	o.ClassHistory, err = s.Customers.ClassHistory(ctx, tx, id)
	return err
}
