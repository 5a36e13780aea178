package keyaccount

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/reference"
)

// Store matches customers.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	reference *reference.Store
}

// NewStore makes the store; db is connected as jike_app.
func NewStore(db *pgxpool.Pool, customers *customer.Store, list *reference.Store) *Store {
	return &Store{db, customers, list}
}

// Run matches whenever the reference data has changed, until ctx ends.
func (s *Store) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var matched reference.State
	var walked time.Time
	for {
		now, err := s.reference.State(ctx)
		if err == nil && (now.Epoch != matched.Epoch || now.Version != matched.Version || time.Since(walked) > walkEvery) {
			var changed int
			if changed, err = s.Match(ctx); err == nil {
				matched, walked = now, time.Now()
			}
			if changed > 0 {
				log.Info("customers matched with the national key accounts", "changed", changed, "version", now.Version)
			}
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("customers not matched with the national key accounts", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Match brings every customer whose match is not right up to date, in batches, and tells how many.
func (s *Store) Match(ctx context.Context) (changed int, err error) {
	caller := account.System(actor)
	for {
		n := 0
		err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
			ids, err := wrong(ctx, tx)
			if err != nil {
				return err
			}
			n = len(ids)
			for _, id := range ids {
				c, err := s.customers.Lock(ctx, tx, caller, id)
				if err != nil {
					return err
				}
				if _, err := s.customers.Refresh(ctx, tx, caller, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return changed, err
		}
		changed += n
	}
}

// wrong lists customers whose match is not what the list says.
func wrong(ctx context.Context, tx pg.Tx) ([]int64, error) {
	const query = `WITH listed AS (
			SELECT DISTINCT ON (credit_code) credit_code, id FROM ref.key_account WHERE expired_at IS NULL ORDER BY credit_code, province DESC, id)
		SELECT c.id FROM listed l JOIN crm.customer c ON c.credit_code = l.credit_code WHERE c.key_account_id IS DISTINCT FROM l.id
		UNION SELECT c.id FROM crm.customer c WHERE c.key_account_id IS NOT NULL AND NOT EXISTS (SELECT FROM listed l WHERE l.credit_code = c.credit_code)
		ORDER BY id LIMIT $1`
	rows, err := tx.PGX().Query(ctx, query, batch)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
