package value

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the scores.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

// List reads a customer's scores, the newest first. One that does not exist or that the caller may not see
// is a NotFound fault.
func (s *Store) List(ctx context.Context, caller account.Caller, customerID int64) (list []Score, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		list, err = scores(ctx, tx, customerID)
		return err
	})
	return list, err
}

// Rate gives a customer within the caller's scope a score and reads all of them. Faults: Denied, NotFound, a
// score that is none, no reason.
func (s *Store) Rate(ctx context.Context, caller account.Caller, customerID int64, score int32, reason string) (list []Score, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.CustomerClassify); err != nil {
			return err
		}
		if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
			return err
		}
		reason, err := check(score, reason)
		if err != nil {
			return err
		}
		const insert = `INSERT INTO crm.value_score (customer_id, score, reason, actor) VALUES ($1, $2, $3, $4)`
		if _, err := tx.PGX().Exec(ctx, insert, customerID, score, reason, caller.Actor()); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.rate", ObjectKind: "customer", ObjectID: customerID, CustomerID: customerID,
			After: map[string]any{"valueScore": score, "reason": reason},
		}); err != nil {
			return err
		}
		list, err = scores(ctx, tx, customerID)
		return err
	})
	return list, err
}

func scores(ctx context.Context, tx pg.Tx, customerID int64) ([]Score, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT score, reason, actor, at FROM crm.value_score WHERE customer_id = $1 ORDER BY id DESC LIMIT 200`, customerID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Score])
}
