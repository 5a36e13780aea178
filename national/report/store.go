package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/schemas/codes"
)

// Store computes reports.
type Store struct {
	db   *pgxpool.Pool
	zone *time.Location // in which times are written
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, zone *time.Location) *Store { return &Store{db, zone} }

// Compute adds up anew what the provinces have changed since the last time.
func (s *Store) Compute(ctx context.Context) error {
	if _, err := s.db.Exec(ctx, `SELECT crm.compute_sums()`); err != nil {
		return fmt.Errorf("compute the sums of reports: %w", err)
	}
	return nil
}

// ComputeMovements writes down which customers are new and which were lost since the last time.
func (s *Store) ComputeMovements(ctx context.Context) error {
	var divisions, sections []string
	for _, d := range codes.Industries() {
		divisions, sections = append(divisions, string(d)), append(sections, string(d.Section()))
	}
	if _, err := s.db.Exec(ctx, `SELECT crm.compute_movements($1, $2, $3)`, s.zone.String(), divisions, sections); err != nil {
		return fmt.Errorf("compute new and lost customers: %w", err)
	}
	return nil
}

// memory is what one report may take to add up its groups. With PostgreSQL's 4 MB the widest report, by province,
// class and industry, was sorted on disk.
const memory = "32MB"

// Summary answers a question; figures and their freshness are of one moment. Faults: a question out
// of bounds, Denied without report.read.
func (s *Store) Summary(ctx context.Context, caller account.Caller, q Question) (Answer, error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return Answer{}, err
	}
	if err := q.Check(); err != nil {
		return Answer{}, err
	}
	var a Answer
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, `SELECT set_config('work_mem', $1, true)`, memory); err != nil {
			return err
		}
		if a.Rows, err = figures(ctx, tx, q); err != nil {
			return fmt.Errorf("figures: %w", err)
		}
		if a.DataTime, err = freshness(ctx, tx, q); err != nil {
			return fmt.Errorf("freshness: %w", err)
		}
		return nil
	})
	return a, err
}

func figures(ctx context.Context, tx pgx.Tx, q Question) ([]Row, error) {
	query := q.total()
	if q.by(ByMonth) {
		query = q.monthly()
	}
	rows, err := tx.Query(ctx, query, q.arguments())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Row])
}

func freshness(ctx context.Context, tx pgx.Tx, q Question) ([]Freshness, error) {
	const query = `SELECT f.province, s.data_time AS as_of, m.data_time AS movements_as_of, s.refreshed,
			coalesce(to_char(s.last_month, 'YYYY-MM'), '') AS last_month
		FROM sync.freshness f LEFT JOIN crm.summary_freshness s ON s.province = f.province
		LEFT JOIN crm.movement_freshness m ON m.province = f.province
		WHERE cardinality(@provinces::smallint[]) = 0 OR f.province = ANY(@provinces) ORDER BY f.province`
	provinces := make([]int16, len(q.Provinces))
	for i, p := range q.Provinces {
		provinces[i] = int16(p)
	}
	rows, err := tx.Query(ctx, query, pgx.NamedArgs{"provinces": provinces})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Freshness])
}
