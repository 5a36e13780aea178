package customer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Move takes a customer that the transaction has locked to another place in the life cycle, for a reason. Faults are
// those of ChangeIn.
func (s *Store) Move(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, to codes.Lifecycle, reason string) (Customer, error) {
	f := before.Facts
	f.Lifecycle = to
	return s.changeIn(ctx, tx, caller, before, f, reasons{stage: reason})
}

// ClassHistory lists the changes of a customer's class, the newest first. The caller must have been
// shown the customer.
func (s *Store) ClassHistory(ctx context.Context, tx pg.Tx, id int64) ([]ClassChange, error) {
	const query = `SELECT coalesce(class_from, '') AS "from", class_to AS "to", actor, reason, at
		FROM crm.class_history WHERE customer_id = $1 ORDER BY id DESC LIMIT 200`
	rows, err := tx.PGX().Query(ctx, query, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[ClassChange])
}

// StageHistory lists the changes of a customer's place in the life cycle, the newest first. The caller must have been
// shown the customer.
func (s *Store) StageHistory(ctx context.Context, tx pg.Tx, id int64) ([]StageChange, error) {
	const query = `SELECT stage_from AS "from", stage_to AS "to", actor, reason, grounds, at
		FROM crm.lifecycle_history WHERE customer_id = $1 ORDER BY id DESC LIMIT 200`
	rows, err := tx.PGX().Query(ctx, query, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[StageChange])
}

func recordStage(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, to codes.Lifecycle, reason string) error {
	const insert = `INSERT INTO crm.lifecycle_history (customer_id, stage_from, stage_to, actor, reason) VALUES ($1, $2, $3, $4, $5)`
	_, err := tx.PGX().Exec(ctx, insert, before.ID, string(before.Lifecycle), string(to), caller.Actor(), reason)
	return err
}

func recordClass(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, from, to codes.Class, reason string) error {
	const insert = `INSERT INTO crm.class_history (customer_id, class_from, class_to, actor, reason) VALUES ($1, nullif($2, ''), $3, $4, $5)`
	_, err := tx.PGX().Exec(ctx, insert, id, string(from), string(to), caller.Actor(), reason)
	return err
}
