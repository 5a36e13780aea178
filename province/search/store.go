package search

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/member"
)

// Store searches across the capabilities.
type Store struct {
	db *pgxpool.Pool
	Sources
}

// Sources are the stores that are searched.
type Sources struct {
	Customers *customer.Store
	Contacts  *contact.Store
	Members   *member.Store
	Contracts *contract.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, sources Sources) *Store { return &Store{db, sources} }

// Find looks for a text within the caller's scope. Without the right to read customers it gives a
// Denied fault.
func (s *Store) Find(ctx context.Context, caller account.Caller, text string) (r Result, err error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return r, err
	}
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(t pgx.Tx) (err error) {
		tx := pg.AsTx(t)
		if r.Customers, err = s.Customers.Find(ctx, tx, caller, text, Most+1); err != nil {
			return err
		}
		if r.Contacts, err = s.Contacts.Find(ctx, tx, caller, text, Most+1); err != nil {
			return err
		}
		if r.Members, err = s.Members.Find(ctx, tx, caller, text, Most+1); err != nil {
			return err
		}
		r.Contracts, err = s.Contracts.Find(ctx, tx, caller, text, Most+1)
		return err
	})
	r.Customers, r.Contacts, r.Members, r.Contracts = cut(&r, r.Customers), cut(&r, r.Contacts), cut(&r, r.Members), cut(&r, r.Contracts)
	return r, err
}
