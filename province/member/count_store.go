package member

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
)

// Stated reads a customer's count, zero if there is none. The counts of customers that were merged into
// it stay theirs, since BOSS goes on to name them by their numbers; they are added here. The caller must
// have been shown the customer.
func (s *Store) Stated(ctx context.Context, tx pg.Tx, customerID int64) (Count, error) {
	return count(ctx, tx, `WITH RECURSIVE one AS (
			SELECT $1::bigint AS id UNION SELECT c.id FROM crm.customer c JOIN one ON c.merged_into = one.id)
		SELECT sum(members)::integer AS members, max(updated_at) AS updated_at
		FROM crm.member_count WHERE customer_id IN (SELECT id FROM one) HAVING count(*) > 0`, customerID)
}

func count(ctx context.Context, tx pg.Tx, query string, customerID int64) (Count, error) {
	rows, err := tx.PGX().Query(ctx, query, customerID)
	if err != nil {
		return Count{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Count])
	if errors.Is(err, pgx.ErrNoRows) {
		return Count{}, nil
	}
	return c, err
}

// State stores the count of a customer within the caller's scope; the same count changes nothing.
// Faults: NotFound, a count below zero.
func (s *Store) State(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, members int32) error {
	if err := errors.Join(caller.Demand(account.MemberWrite), check(members)); err != nil {
		return err
	}
	if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
		return err
	}
	before, err := count(ctx, tx, `SELECT members, updated_at FROM crm.member_count WHERE customer_id = $1`, customerID)
	if err != nil || before.Members == members && !before.UpdatedAt.IsZero() {
		return err
	}
	const upsert = `INSERT INTO crm.member_count (customer_id, members) VALUES ($1, $2)
		ON CONFLICT (customer_id) DO UPDATE SET members = excluded.members, updated_at = now()`
	if _, err := tx.PGX().Exec(ctx, upsert, customerID, members); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "member.count",
		ObjectKind: "customer", ObjectID: customerID, CustomerID: customerID,
		Before: map[string]any{"members": before.Members}, After: map[string]any{"members": members},
	})
}
