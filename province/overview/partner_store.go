package overview

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// byCreditCode finds a customer within the caller's scope by its credit code, or gives a NotFound
// fault.
func (s *Store) byCreditCode(ctx context.Context, tx pg.Tx, caller account.Caller, code codes.CreditCode) (customer.Customer, error) {
	var number string
	err := tx.PGX().QueryRow(ctx, `SELECT number FROM crm.customer WHERE credit_code = $1`, string(code)).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return customer.Customer{}, fault.New(fault.NotFound, "customer.unknown")
	}
	if err != nil {
		return customer.Customer{}, err
	}
	return s.Customers.ByNumber(ctx, tx, caller, number)
}

// family reads what a partner is told about a customer.
func (s *Store) family(ctx context.Context, tx pg.Tx, caller account.Caller, c customer.Customer, billMonths int) (o Overview, err error) {
	o.Customer = c
	if c.ManagerID != 0 {
		unit, err := s.Organisation.Unit(ctx, tx, c.ManagerID)
		if err != nil {
			return o, err
		}
		o.Manager = &unit
	}
	if o.Parent, o.Children, err = s.Customers.Relatives(ctx, tx, caller, c); err != nil {
		return o, err
	}
	if o.Contacts, err = s.Contacts.List(ctx, tx, c.ID); err != nil {
		return o, err
	}
	if o.Contracts, err = s.Contracts.List(ctx, tx, c.ID); err != nil {
		return o, err
	}
	if o.Subscriptions, err = s.Subscriptions.List(ctx, tx, c.ID); err != nil {
		return o, err
	}
	if billMonths > 0 {
		if o.Bills, err = s.Bills.List(ctx, tx, c.ID, billMonths); err != nil {
			return o, err
		}
	}
	o.Members, err = s.Members.Stated(ctx, tx, c.ID)
	return o, err
}
