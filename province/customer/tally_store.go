package customer

import (
	"context"
	"log/slog"
	"time"
)

// foldEvery is how long changes of the tally wait until they are folded: the longer, the more of them
// every list adds up.
const foldEvery = 2 * time.Second

// KeepTally folds what changes of customers appended to the tally, until ctx ends.
func (s *Store) KeepTally(ctx context.Context, log *slog.Logger) {
	clock := time.NewTicker(foldEvery)
	defer clock.Stop()
	for {
		if _, err := s.FoldTally(ctx); err != nil && ctx.Err() == nil {
			log.Error("tally of customers not folded", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// FoldTally adds what was appended to the counts themselves and gives how many counts that changed.
// It is one statement: whoever reads meanwhile sees all of it or nothing.
func (s *Store) FoldTally(ctx context.Context) (int64, error) {
	const fold = `WITH gone AS (DELETE FROM crm.customer_tally_change RETURNING *)
		INSERT INTO crm.customer_tally AS t
		SELECT class, lifecycle, city, industry, national, sensitive, sum(customers) FROM gone
		GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(customers) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT ON CONSTRAINT customer_tally_is_one_per_cell DO UPDATE SET customers = t.customers + excluded.customers`
	folded, err := s.db.Exec(ctx, fold)
	return folded.RowsAffected(), err
}
