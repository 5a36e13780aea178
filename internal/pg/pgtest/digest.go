package pgtest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Digest gives, for every table outside the named schemas, the count and a digest of its rows. Two
// digests are equal (maps.Equal) if no row differs. pool is the owner's.
func Digest(tb testing.TB, pool *pgxpool.Pool, except ...string) map[string]string {
	tb.Helper()
	ctx := context.Background()
	except = append(slices.Clone(except), "pg_catalog", "information_schema")
	rows, err := pool.Query(ctx, `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema <> ALL ($1) ORDER BY 1`, except)
	if err != nil {
		tb.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	if len(tables) < 10 {
		tb.Fatalf("only %d tables to digest: %v", len(tables), tables)
	}
	digests := make(map[string]string, len(tables))
	for _, table := range tables {
		var digest string
		err := pool.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) || ' ' ||
			coalesce(encode(sha256(convert_to(string_agg(t::text, E'\n' ORDER BY t::text), 'UTF8')), 'hex'), '') FROM %s t`, table)).Scan(&digest)
		if err != nil {
			tb.Fatalf("%s: %v", table, err)
		}
		digests[table] = digest
	}
	return digests
}
