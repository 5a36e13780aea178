package subscription

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the subscriptions. All its methods join a transaction: subscriptions change as part
// of orders and messages.
type Store struct{ customers *customer.Store }

// NewStore makes the store.
func NewStore(customers *customer.Store) *Store { return &Store{customers} }

const columns = `id, customer_id, product_code, product_name, quantity, monthly_fee_fen, status, started_on, ended_on, version, updated_at`

// List reads a customer's subscriptions. The caller must have been shown the customer.
func (s *Store) List(ctx context.Context, tx pg.Tx, customerID int64) ([]Subscription, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.subscription WHERE customer_id = $1 ORDER BY ended_on IS NOT NULL, started_on DESC, id LIMIT 500`, customerID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Subscription])
}

// Add adds a subscription to a customer within the caller's scope. Faults: NotFound, wrong facts
// (joined).
func (s *Store) Add(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, f Facts) (Subscription, error) {
	if err := errors.Join(caller.Demand(account.SubscriptionWrite), f.check()); err != nil {
		return Subscription{}, err
	}
	national, err := s.customers.Family(ctx, tx, caller, customerID)
	if err != nil {
		return Subscription{}, err
	}
	const insert = `INSERT INTO crm.subscription (customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on, ended_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ` + columns
	added, err := one(ctx, tx, insert, customerID, national, f.ProductCode, f.ProductName, f.Quantity, f.MonthlyFeeFen, string(f.Status), f.StartedOn, f.EndedOn)
	if err != nil {
		return Subscription{}, err
	}
	return added, audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "subscription.create",
		ObjectKind: "subscription", ObjectID: added.ID, CustomerID: customerID,
		After: map[string]any{"productCode": f.ProductCode, "quantity": f.Quantity, "monthlyFeeFen": f.MonthlyFeeFen, "status": f.Status},
	})
}

// SetStatus takes a subscription to another state on a day. Faults: NotFound, a step that the
// states do not have (Rule).
func (s *Store) SetStatus(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, status Status, on time.Time) (Subscription, error) {
	if err := caller.Demand(account.SubscriptionWrite); err != nil {
		return Subscription{}, err
	}
	var customerID int64
	if err := tx.PGX().QueryRow(ctx, `SELECT customer_id FROM crm.subscription WHERE id = $1`, id).Scan(&customerID); err != nil {
		return Subscription{}, unknown(err)
	}
	if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
		return Subscription{}, err
	}
	before, err := one(ctx, tx, `SELECT `+columns+` FROM crm.subscription WHERE id = $1 FOR NO KEY UPDATE`, id)
	if err != nil {
		return Subscription{}, err
	}
	if err := step(before.Status, status); err != nil {
		return Subscription{}, err
	}
	var end *time.Time
	if status.over() {
		end = &on
	}
	const update = `UPDATE crm.subscription SET status = $2, ended_on = $3, version = version + 1, updated_at = now() WHERE id = $1 RETURNING ` + columns
	after, err := one(ctx, tx, update, id, string(status), end)
	if err != nil {
		return Subscription{}, err
	}
	return after, audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "subscription.change",
		ObjectKind: "subscription", ObjectID: id, CustomerID: customerID,
		Before: map[string]any{"status": before.Status}, After: map[string]any{"status": status},
	})
}

func one(ctx context.Context, tx pg.Tx, query string, args ...any) (Subscription, error) {
	rows, err := tx.PGX().Query(ctx, query, args...)
	if err != nil {
		return Subscription{}, err
	}
	sub, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Subscription])
	return sub, unknown(err)
}

func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "subscription.unknown")
	}
	return err
}
