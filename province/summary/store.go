package summary

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
)

// Store keeps the summary up to date.
type Store struct {
	db   *pgxpool.Pool
	zone *time.Location // in which months begin and end

	mu    sync.Mutex
	since time.Time // when the last refresh began; zero: there was none
}

// NewStore makes the store of a province in a time zone.
func NewStore(db *pgxpool.Pool, zone *time.Location) *Store { return &Store{db: db, zone: zone} }

// Refresh brings the summary up to date and gives the number of rows that changed. The first one
// computes every month since the first bill; later ones the newest two months, and
// those that have bills written meanwhile. Each month is a transaction of its own.
func (s *Store) Refresh(ctx context.Context, now time.Time) (changed int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	list, err := s.due(ctx, now.In(s.zone))
	if err != nil {
		return 0, fmt.Errorf("summary: %w", err)
	}
	for _, month := range list {
		n, err := s.month(ctx, month)
		if err != nil {
			return changed, fmt.Errorf("summary of %s: %w", month.Format("2006-01"), err)
		}
		changed += n
	}
	s.since = began
	return changed, nil
}

// due lists the months to compute.
func (s *Store) due(ctx context.Context, now time.Time) ([]time.Time, error) {
	if s.since.IsZero() {
		first := now
		var billed *time.Time
		if err := s.db.QueryRow(ctx, `SELECT min(month) FROM crm.bill`).Scan(&billed); err != nil {
			return nil, err
		}
		if billed != nil {
			first = *billed
		}
		return months(first, now), nil
	}
	rows, err := s.db.Query(ctx, `SELECT DISTINCT month FROM crm.bill WHERE updated_at > $1`, s.since.Add(-late))
	if err != nil {
		return nil, err
	}
	touched, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, err
	}
	list := append(touched, monthOf(now), monthOf(now).AddDate(0, -1, 0))
	slices.SortFunc(list, time.Time.Compare)
	return slices.CompactFunc(list, time.Time.Equal), nil
}

// month computes one month and writes what differs from what is there.
func (s *Store) month(ctx context.Context, month time.Time) (changed int, err error) {
	const compute = `
		WITH section AS (SELECT * FROM unnest(@divisions::text[], @sections::text[]) AS s (division, section)),
		class_then AS (
			SELECT DISTINCT ON (customer_id) customer_id, class_to FROM crm.class_history
			WHERE at < @until ORDER BY customer_id, id DESC),
		cell AS (
			SELECT c.city, coalesce(h.class_to, c.class) AS class, s.section AS industry, count(*) FILTER (WHERE c.merged_into IS NULL)::int AS customers,
				coalesce(sum(m.members), 0)::bigint AS members, coalesce(sum(b.amount_fen), 0)::bigint AS income_fen
			FROM crm.customer c
			JOIN section s ON s.division = c.industry
			LEFT JOIN class_then h ON h.customer_id = c.id
			LEFT JOIN crm.member_count m ON m.customer_id = c.id
			LEFT JOIN crm.bill b ON b.customer_id = c.id AND b.month = @month
			WHERE b.id IS NOT NULL OR c.created_at < @until AND c.lifecycle <> 'lost'
			GROUP BY 1, 2, 3),
		gone AS (
			DELETE FROM crm.monthly_summary o WHERE o.month = @month AND NOT EXISTS (
				SELECT FROM cell n WHERE (n.city, n.class, n.industry) = (o.city, o.class, o.industry))
			RETURNING 1),
		written AS (
			INSERT INTO crm.monthly_summary AS o (month, city, class, industry, customers, members, income_fen)
			SELECT @month, city, class, industry, customers, members, income_fen FROM cell ORDER BY city, class, industry
			ON CONFLICT (month, city, class, industry) DO UPDATE
				SET customers = excluded.customers, members = excluded.members, income_fen = excluded.income_fen, updated_at = now()
				WHERE (o.customers, o.members, o.income_fen) IS DISTINCT FROM (excluded.customers, excluded.members, excluded.income_fen)
			RETURNING 1)
		SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)`
	divisions, letters := sections()
	next := month.AddDate(0, 1, 0)
	args := pgx.NamedArgs{
		"month": month, "divisions": divisions, "sections": letters,
		"until": time.Date(next.Year(), next.Month(), 1, 0, 0, 0, 0, s.zone),
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		// One refresh at a time: two would write the same new cells.
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('crm.monthly_summary'))`); err != nil {
			return err
		}
		return tx.PGX().QueryRow(ctx, compute, args).Scan(&changed)
	})
	return changed, err
}
