package overview

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/selection"
)

// Selection says why a customer goes up to headquarters or not. One that does not exist or that the
// caller may not see is a NotFound fault.
func (s *Store) Selection(ctx context.Context, caller account.Caller, id int64) (selection.Explanation, error) {
	return s.explain(ctx, func(tx pg.Tx) (customer.Customer, error) { return s.Customers.GetIn(ctx, tx, caller, id) })
}

// SelectionByNumber is Selection by the customer's number.
func (s *Store) SelectionByNumber(ctx context.Context, caller account.Caller, number string) (selection.Explanation, error) {
	return s.explain(ctx, func(tx pg.Tx) (customer.Customer, error) {
		return s.Customers.ByNumber(ctx, tx, caller, number)
	})
}

func (s *Store) explain(ctx context.Context, find func(pg.Tx) (customer.Customer, error)) (e selection.Explanation, err error) {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(t pgx.Tx) error {
		c, err := find(pg.AsTx(t))
		if err != nil {
			return err
		}
		e, err = selection.Explain(ctx, pg.AsTx(t), c.ID)
		return err
	})
	return e, err
}
