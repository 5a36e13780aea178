package selection

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// InForce reads the newest policy in the transaction that is going to act by it.
func InForce(ctx context.Context, tx pg.Tx) (Policy, error) {
	const query = `SELECT version, classes, cross_province FROM crm.selection_policy ORDER BY version DESC LIMIT 1`
	rows, err := tx.PGX().Query(ctx, query)
	if err != nil {
		return Policy{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Policy])
}
