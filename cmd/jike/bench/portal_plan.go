package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/province/customer"
	"jike/schemas/codes"
)

// describe prints what is measured and with which settings.
func (p *bigProvince) describe(ctx context.Context, out *printer) error {
	const query = `SELECT format('# PostgreSQL %s, shared_buffers %s; %s customers, %s bills, %s contacts, %s members, %s account managers',
			current_setting('server_version'), current_setting('shared_buffers'), (SELECT count(*) FROM crm.customer),
			(SELECT reltuples::bigint FROM pg_class WHERE oid = 'crm.bill'::regclass), (SELECT reltuples::bigint FROM pg_class WHERE oid = 'crm.contact'::regclass),
			(SELECT reltuples::bigint FROM pg_class WHERE oid = 'crm.member'::regclass),
			(SELECT count(*) FROM crm.organisation WHERE kind = 'person'))
		UNION ALL SELECT format('# planner setting %s is %s, not its default', name, setting) FROM pg_settings
			WHERE category LIKE 'Query Tuning%' AND setting <> boot_val`
	rows, err := p.db.Query(ctx, query)
	if err != nil {
		return err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, line := range lines {
		out.line("%s", line)
	}
	return err
}

// statements collects what a store asks of the database.
type statements []pgx.TraceQueryStartData

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	*s = append(*s, data)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// plans prints how PostgreSQL carries out the store's own statements for a page far into a list and for
// a search.
func (p *bigProvince) plans(ctx context.Context, out *printer) error {
	config, err := pgxpool.ParseConfig(p.db.Config().ConnString())
	if err != nil {
		return err
	}
	var asked statements
	config.ConnConfig.Tracer = &asked
	db, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer db.Close()
	pair, err := p.pair(ctx, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		return err
	}
	for _, f := range []customer.Filter{
		{Sort: "name", Page: 1000, Size: 50},
		{Sort: "id", Classes: []codes.Class{codes.ClassA1, codes.ClassA2, codes.ClassB1, codes.ClassB2}, Page: 1000, Size: 50},
		{Sort: "id", Text: pair, Page: 1, Size: 20},
	} {
		out.line("# plans of the list by %s, classes %v, text %q, page %d", f.Sort, f.Classes, f.Text, f.Page)
		asked = nil
		if _, err := customer.NewStore(db, province).Search(ctx, account.System("bench"), f); err != nil {
			return err
		}
		if err := p.explain(ctx, out, asked); err != nil {
			return err
		}
	}
	return out.err
}

func (p *bigProvince) explain(ctx context.Context, out *printer, asked statements) error {
	for _, s := range asked {
		if len(s.Args) == 0 {
			continue // the transaction's own
		}
		rows, err := p.db.Query(ctx, `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) `+s.SQL, s.Args...)
		if err != nil {
			return fmt.Errorf("%s: %w", s.SQL, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, line := range plan {
			out.line("#   %s", line)
		}
	}
	return nil
}
