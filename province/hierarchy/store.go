package hierarchy

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store reads the tree and keeps its figures.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	zone      *time.Location // in which months begin and end
}

// NewStore makes the store of a province in a time zone.
func NewStore(db *pgxpool.Pool, customers *customer.Store, zone *time.Location) *Store {
	return &Store{db, customers, zone}
}

// PlaceOf reads where a customer stands in the tree. One that does not exist or that the caller may not see
// is a NotFound fault.
func (s *Store) PlaceOf(ctx context.Context, caller account.Caller, id int64) (p Place, err error) {
	p.Span = spanAt(time.Now().In(s.zone))
	err = s.moment(ctx, caller, id, func(tx pgx.Tx) error {
		const asOf = `SELECT coalesce((SELECT min(at) FROM crm.customer_figure_change), now())`
		if err := tx.QueryRow(ctx, asOf).Scan(&p.AsOf); err != nil {
			return err
		}
		if p.Path, err = path(ctx, tx, caller, id); err != nil {
			return err
		}
		rollups, err := rollups(ctx, tx, caller, p.Span, []int64{id})
		p.Rollup = rollups[id]
		return err
	})
	return p, err
}

// Children reads a page of the customers directly below one in the order of their ids, which are above
// after. Faults are those of PlaceOf.
func (s *Store) Children(ctx context.Context, caller account.Caller, id, after int64, size int) (page Page, err error) {
	span := spanAt(time.Now().In(s.zone))
	err = s.moment(ctx, caller, id, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"id": id, "after": after, "size": size}
		visible := customer.Within(caller, args)
		count := `SELECT count(*) FILTER (WHERE ` + visible + `), count(*) FILTER (WHERE (` + visible + `) IS NOT TRUE)
			FROM crm.customer c WHERE c.parent_id = @id AND c.merged_into IS NULL`
		if err := tx.QueryRow(ctx, count, args).Scan(&page.Total, &page.Hidden); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT c.id, c.number, c.name, c.class, c.lifecycle FROM crm.customer c
			WHERE c.parent_id = @id AND c.merged_into IS NULL AND c.id > @after AND `+visible+` ORDER BY c.id LIMIT @size`, args)
		if err != nil {
			return err
		}
		if page.Items, err = pgx.CollectRows(rows, pgx.RowToStructByNameLax[Node]); err != nil {
			return err
		}
		ids := make([]int64, len(page.Items))
		for i, n := range page.Items {
			ids[i] = n.ID
		}
		below, err := rollups(ctx, tx, caller, span, ids)
		for i, n := range page.Items {
			page.Items[i].Rollup = below[n.ID]
		}
		return err
	})
	return page, err
}

// moment runs f at one moment, if the caller may see the customer.
func (s *Store) moment(ctx context.Context, caller account.Caller, id int64, f func(tx pgx.Tx) error) error {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		if _, err := s.customers.GetIn(ctx, pg.AsTx(tx), caller, id); err != nil {
			return err
		}
		return f(tx)
	})
}

func path(ctx context.Context, tx pgx.Tx, caller account.Caller, id int64) ([]Step, error) {
	args := pgx.NamedArgs{"id": id}
	rows, err := tx.Query(ctx, `WITH RECURSIVE above AS (
			SELECT parent_id, 1 AS steps FROM crm.customer WHERE id = @id
			UNION ALL SELECT p.parent_id, a.steps + 1 FROM above a JOIN crm.customer p ON p.id = a.parent_id)
		SELECT (`+customer.Within(caller, args)+`) IS NOT TRUE AS hidden, c.id, c.number, c.name, c.class
		FROM above a JOIN crm.customer c ON c.id = a.parent_id ORDER BY a.steps DESC`, args)
	if err != nil {
		return nil, err
	}
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	for i, step := range steps {
		if step.Hidden {
			steps[i] = Step{Hidden: true}
		}
	}
	return steps, err
}

// rollups are those of some customers, which the caller may see. A merged customer is seen by whoever sees
// the one above it. Each is added up by itself, since grouping would sort the whole tree.
func rollups(ctx context.Context, tx pgx.Tx, caller account.Caller, span Span, ids []int64) (map[int64]Rollup, error) {
	args := pgx.NamedArgs{"ids": ids, "since": span.Since, "until": span.Until}
	rows, err := tx.Query(ctx, `SELECT t.top, r.* FROM unnest(@ids::bigint[]) AS t (top) CROSS JOIN LATERAL (
		WITH RECURSIVE below AS (
			SELECT c.id, c.merged_into IS NOT NULL AS merged, 1 AS level, true AS visible FROM crm.customer c WHERE c.id = t.top
			UNION ALL
			SELECT c.id, c.merged_into IS NOT NULL, b.level + 1, (`+customer.Within(caller, args)+`) IS TRUE OR c.merged_into IS NOT NULL AND b.visible
			FROM below b JOIN crm.customer c ON c.parent_id = b.id)
		SELECT count(*) FILTER (WHERE b.visible AND NOT b.merged) AS customers,
			count(*) FILTER (WHERE NOT b.visible AND NOT b.merged) AS hidden,
			coalesce(max(b.level) FILTER (WHERE NOT b.merged), 1) AS levels,
			coalesce(sum(f.members) FILTER (WHERE b.visible), 0)::bigint AS members,
			coalesce(sum(f.stated) FILTER (WHERE b.visible), 0)::bigint AS stated,
			coalesce(sum(CASE WHEN f.since <> @since THEN
				(SELECT sum(l.amount_fen)::bigint FROM crm.bill l WHERE l.customer_id = b.id AND l.month >= @since AND l.month < @until)
				ELSE f.income_fen END) FILTER (WHERE b.visible), 0)::bigint AS income_fen,
			coalesce(sum(f.arrears_fen) FILTER (WHERE b.visible), 0)::bigint AS arrears_fen
		FROM below b LEFT JOIN crm.customer_figure f ON f.customer_id = b.id) AS r`, args)
	if err != nil {
		return nil, err
	}
	type topped struct {
		Top int64
		Rollup
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[topped])
	tops := make(map[int64]Rollup, len(list))
	for _, t := range list {
		tops[t.Top] = t.Rollup
	}
	return tops, err
}
