package completeness

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// judgeEvery is how long a changed customer waits until it is judged again, and judgeMost how many customers a
// transaction judges.
const (
	judgeEvery = 2 * time.Second
	judgeMost  = 2000
)

// Keep judges the customers of which a fact changed, and all of them by a new rule, until ctx ends.
func (s *Store) Keep(ctx context.Context, log *slog.Logger) {
	clock := time.NewTicker(judgeEvery)
	defer clock.Stop()
	for {
		if _, err := s.Judge(ctx); err != nil && ctx.Err() == nil {
			log.Error("completeness of customers not judged", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// Judge judges all customers that are noted and those that the rule has not reached, and gives how many that were.
func (s *Store) Judge(ctx context.Context) (total int, err error) {
	for _, next := range []func(context.Context, pg.Tx) ([]int64, error){noted, ahead} {
		for n := judgeMost; n == judgeMost; total += n {
			if n, err = s.batch(ctx, next); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// batch judges some customers. One at a time, so that the sums follow what is written.
func (s *Store) batch(ctx context.Context, next func(context.Context, pg.Tx) ([]int64, error)) (n int, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('crm.customer_completeness'))`); err != nil {
			return err
		}
		ids, err := next(ctx, tx)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		r, err := rule(ctx, tx, ``)
		if err != nil {
			return err
		}
		slices.Sort(ids)
		return judge(ctx, tx, r, slices.Compact(ids))
	})
	return n, err
}

// noted takes some notes away. What is changed while their customers are judged is noted anew.
func noted(ctx context.Context, tx pg.Tx) ([]int64, error) {
	const take = `DELETE FROM crm.completeness_change WHERE ctid = ANY (ARRAY (SELECT ctid FROM crm.completeness_change LIMIT $1)) RETURNING customer_id`
	rows, err := tx.PGX().Query(ctx, take, judgeMost)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// ahead are the next customers that the rule has not reached.
func ahead(ctx context.Context, tx pg.Tx) ([]int64, error) {
	var reached *int64
	if err := tx.PGX().QueryRow(ctx, `SELECT reached FROM crm.completeness_rule FOR UPDATE`).Scan(&reached); err != nil || reached == nil {
		return nil, err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT id FROM crm.customer WHERE id > $1 ORDER BY id LIMIT $2`, *reached, judgeMost)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	var last *int64 // none: all are reached, and who comes later is noted
	if len(ids) == judgeMost {
		last = &ids[len(ids)-1]
	}
	_, err = tx.PGX().Exec(ctx, `UPDATE crm.completeness_rule SET reached = $1`, last)
	return ids, err
}

// judge writes what customers have by the rule, and what that changes in the sums. It is one statement: both are of
// the same moment.
func judge(ctx context.Context, tx pg.Tx, r Rule, ids []int64) error {
	const write = `WITH judged AS (
			SELECT c.id AS customer_id, coalesce(c.manager_id, 0) AS manager_id, c.sensitive, j.score, j.missing
			FROM crm.customer c CROSS JOIN LATERAL (
				SELECT (100 * coalesce(sum(f.weight) FILTER (WHERE f.held), 0) / sum(f.weight))::smallint AS score,
					coalesce(array_agg(f.fact ORDER BY f.n) FILTER (WHERE NOT f.held), '{}') AS missing
				FROM unnest(@facts::text[], @weights::int[], ` + held + `) WITH ORDINALITY AS f (fact, weight, held, n) WHERE f.weight > 0) j
			WHERE c.id = ANY (@ids) AND c.merged_into IS NULL),
		earlier AS (SELECT customer_id, manager_id, sensitive, score FROM crm.customer_completeness WHERE customer_id = ANY (@ids)),
		gone AS (DELETE FROM crm.customer_completeness WHERE customer_id IN (SELECT customer_id FROM earlier EXCEPT SELECT customer_id FROM judged)),
		kept AS (
			INSERT INTO crm.customer_completeness AS p (customer_id, manager_id, sensitive, score, missing)
			SELECT customer_id, manager_id, sensitive, score, missing FROM judged
			ON CONFLICT (customer_id) DO UPDATE SET manager_id = excluded.manager_id, sensitive = excluded.sensitive, score = excluded.score, missing = excluded.missing
			WHERE (p.manager_id, p.sensitive, p.score, p.missing) IS DISTINCT FROM (excluded.manager_id, excluded.sensitive, excluded.score, excluded.missing))
		INSERT INTO crm.completeness_tally AS t (manager_id, sensitive, customers, points, whole)
		SELECT manager_id, sensitive, sum(n), sum(n * score), coalesce(sum(n) FILTER (WHERE score = 100), 0)
		FROM (SELECT manager_id, sensitive, score, -1 AS n FROM earlier UNION ALL SELECT manager_id, sensitive, score, 1 FROM judged) both_sides
		GROUP BY 1, 2 HAVING sum(n) <> 0 OR sum(n * score) <> 0 OR coalesce(sum(n) FILTER (WHERE score = 100), 0) <> 0
		ON CONFLICT ON CONSTRAINT completeness_tally_is_one_per_cell DO UPDATE
			SET customers = t.customers + excluded.customers, points = t.points + excluded.points, whole = t.whole + excluded.whole`
	weights := make([]int, len(Facts()))
	for i, fact := range Facts() {
		weights[i] = r.Weights[fact]
	}
	_, err := tx.PGX().Exec(ctx, write, pgx.NamedArgs{"ids": ids, "facts": Facts(), "weights": weights})
	return err
}
