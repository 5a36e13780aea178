package capture

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// An epoch begins with setExisting(true), before its slot is made, and noteExisting after that. Who
// is killed between leaves a true that need not be: headquarters then copies what little there is.

// setExisting remembers whether selected rows exist that were committed before the epoch begins and
// that its stream therefore does not hold.
func setExisting(ctx context.Context, pool *pgxpool.Pool, existing bool) error {
	if _, err := pool.Exec(ctx, `UPDATE sync.capture SET existing = $1, updated_at = now()`, existing); err != nil {
		return fmt.Errorf("capture: remember whether rows exist: %w", err)
	}
	return nil
}

// noteExisting looks for selected rows and remembers whether there are any.
func noteExisting(ctx context.Context, pool *pgxpool.Pool) error {
	rows, err := pool.Query(ctx, `SELECT format('EXISTS (SELECT FROM %I.%I WHERE %I)', schemaname, tablename, $2::text)
		FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1`, Publication, filterColumn)
	if err != nil {
		return fmt.Errorf("capture: look for rows: %w", err)
	}
	some, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("capture: look for rows: %w", err)
	}
	existing := false
	if len(some) > 0 {
		if err := pool.QueryRow(ctx, "SELECT "+strings.Join(some, " OR ")).Scan(&existing); err != nil {
			return fmt.Errorf("capture: look for rows: %w", err)
		}
	}
	return setExisting(ctx, pool, existing)
}
