package hierarchy

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// countEvery is how long a changed customer waits until its figures are counted again.
const countEvery = 2 * time.Second

// countMost is how many notes of changed customers a transaction works off.
const countMost = 2000

// Keep counts the figures of customers whose members or bills changed, and those of all when a month has
// begun, until ctx ends.
func (s *Store) Keep(ctx context.Context, log *slog.Logger) {
	clock := time.NewTicker(countEvery)
	defer clock.Stop()
	var turned Span
	for {
		now := time.Now()
		if span := spanAt(now.In(s.zone)); span != turned {
			if err := s.turn(ctx, span); err == nil {
				turned = span
			} else if ctx.Err() == nil {
				log.Error("figures of customers not noted for the new month", "error", err)
			}
		}
		if _, err := s.Count(ctx, now); err != nil && ctx.Err() == nil {
			log.Error("figures of customers not counted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// turn notes all customers whose income is that of another span.
func (s *Store) turn(ctx context.Context, span Span) error {
	const note = `INSERT INTO crm.customer_figure_change (customer_id) SELECT customer_id FROM crm.customer_figure WHERE since <> $1`
	_, err := s.db.Exec(ctx, note, span.Since)
	return err
}

// Count counts the figures of all customers that are noted and gives how many notes these were.
func (s *Store) Count(ctx context.Context, now time.Time) (total int, err error) {
	for n := countMost; n == countMost; total += n {
		if n, err = s.count(ctx, spanAt(now.In(s.zone))); err != nil {
			return total, err
		}
	}
	return total, nil
}

// count works off some notes. It is one statement, so what it counts is of the same moment as the notes that
// it takes away; and one at a time, so that no older count is written over a newer one.
func (s *Store) count(ctx context.Context, span Span) (notes int, err error) {
	const count = `WITH gone AS (
			DELETE FROM crm.customer_figure_change WHERE ctid = ANY (ARRAY (SELECT ctid FROM crm.customer_figure_change LIMIT @most))
			RETURNING customer_id),
		counted AS (
			INSERT INTO crm.customer_figure AS f (customer_id, members, stated, since, income_fen, last_fen, before_fen, arrears_fen)
			SELECT c.id, (SELECT count(*) FROM crm.member m WHERE m.customer_id = c.id AND m.left_on IS NULL),
				coalesce((SELECT n.members FROM crm.member_count n WHERE n.customer_id = c.id), 0), @since, b.income, b.last, b.before, b.arrears
			FROM crm.customer c CROSS JOIN LATERAL (
				SELECT coalesce(sum(amount_fen) FILTER (WHERE month >= @since AND month < @until), 0) AS income,
					coalesce(sum(amount_fen) FILTER (WHERE month = @last), 0) AS last, coalesce(sum(amount_fen) FILTER (WHERE month = @before), 0) AS before,
					coalesce(sum(amount_fen - paid_fen), 0) AS arrears
				FROM crm.bill WHERE customer_id = c.id) b
			WHERE c.id IN (SELECT customer_id FROM gone) ORDER BY c.id
			ON CONFLICT (customer_id) DO UPDATE SET members = excluded.members, stated = excluded.stated, since = excluded.since,
				income_fen = excluded.income_fen, last_fen = excluded.last_fen, before_fen = excluded.before_fen,
				arrears_fen = excluded.arrears_fen)
		SELECT count(*) FROM gone`
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('crm.customer_figure'))`); err != nil {
			return err
		}
		return tx.PGX().QueryRow(ctx, count, pgx.NamedArgs{
			"most": countMost, "since": span.Since, "until": span.Until, "last": span.Until.AddDate(0, -1, 0), "before": span.Until.AddDate(0, -2, 0),
		}).Scan(&notes)
	})
	return notes, err
}
