package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// row is the table that travels: 14 columns, about 400 bytes.
var row = replica.Table{Schema: "bench", Name: "row", Key: "id", Columns: []replica.Column{
	{Name: "id", Type: "int8"},
	{Name: "number", Type: "text"},
	{Name: "name", Type: "text"},
	{Name: "city", Type: "text"},
	{Name: "class", Type: "text"},
	{Name: "status", Type: "text"},
	{Name: "manager", Type: "text"},
	{Name: "amount_fen", Type: "int8"},
	{Name: "paid_fen", Type: "int8"},
	{Name: "quantity", Type: "int4"},
	{Name: "active", Type: "bool"},
	{Name: "started_on", Type: "date"},
	{Name: "updated_at", Type: "timestamptz"},
	{Name: "note", Type: "text"},
}}

// columns are those of row, as they stand in statements.
func columns() string {
	names := make([]string, len(row.Columns))
	for i, c := range row.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// tail is columns without the key.
var tail = strings.TrimPrefix(columns(), row.Key+", ")

// sourceTables are the same for both sides: the table as a province has it, the rows to insert and
// the random order of the updates. The writer shares the processors with what is measured, so
// pages keep room for updates, which then write no index.
const sourceTables = `
CREATE SCHEMA bench;
CREATE TABLE bench.row (
    id bigint PRIMARY KEY, national boolean NOT NULL,
    number text NOT NULL, name text NOT NULL, city text NOT NULL, class text NOT NULL, status text NOT NULL,
    manager text, amount_fen bigint NOT NULL, paid_fen bigint, quantity integer NOT NULL, active boolean NOT NULL,
    started_on date NOT NULL, updated_at timestamptz NOT NULL, note text NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX row_identity ON bench.row (id, national);
ALTER TABLE bench.row REPLICA IDENTITY USING INDEX row_identity;
CREATE UNLOGGED TABLE bench.stock (LIKE bench.row INCLUDING ALL);
CREATE UNLOGGED TABLE bench.pick (batch integer NOT NULL, id bigint NOT NULL);
GRANT USAGE ON SCHEMA bench TO jike_sync;
GRANT SELECT, UPDATE (id) ON bench.row TO jike_sync;
`

// stock makes the rows: values that do not repeat, so that compression gains what it gains on
// real rows and no more.
const stock = `
INSERT INTO bench.stock
SELECT i, i <= $1, 'G591' || lpad(i::text, 9, '0'), '福建' || substr(md5('n' || i), 1, 8) || '信息技术有限公司第' || i % 97 || '分公司',
    '3501' || lpad((i % 13)::text, 2, '0'), (ARRAY['A1', 'A2', 'B1', 'B2'])[1 + i % 4], 'active',
    CASE WHEN i % 5 > 0 THEN '经理' || i % 1009 END, i * 7919 % 100000007, CASE WHEN i % 3 > 0 THEN i * 31 END, 0, i % 2 = 0,
    date '2020-01-01' + (i % 2000)::int, timestamptz '2026-01-01' + i * interval '1 second',
    md5('a' || i) || md5('b' || i) || md5('c' || i) || md5('d' || i) || md5('e' || i) || md5('f' || i) || md5('g' || i)
FROM generate_series(1, $1::bigint + $2) AS i`

const pick = `
INSERT INTO bench.pick
SELECT (row_number() OVER (ORDER BY md5('pick' || id)) - 1) / $1::int, id FROM bench.stock WHERE national`

// target is headquarters' table: the columns of both sides, so that their rows are equally wide,
// and one unique index of two columns, the one that the side needs to find a row.
const target = `
CREATE SCHEMA bench;
CREATE TABLE bench.row (
    province smallint NOT NULL DEFAULT %d, id bigint NOT NULL, national boolean NOT NULL DEFAULT true,
    number text, name text, city text, class text, status text, manager text, amount_fen bigint, paid_fen bigint,
    quantity integer, active boolean, started_on date, updated_at timestamptz, note text,
    stamp_epoch bigint, stamp_lsn pg_lsn, PRIMARY KEY (%s)
) %s;
GRANT USAGE ON SCHEMA bench TO jike_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bench TO jike_sync;
`

// batchRows is the size of the measured transactions.
const batchRows = 1000

// work is one kind of measured change.
type work struct {
	name   string // as in bulk_insert_vs_native
	change string // statement of one transaction: $1 is the batch, $2 its rows
	seen   string // at headquarters: whether row $2, the last transaction's, of province $1 is there
	last   string // in the province: a row that only the last transaction, $1, writes
}

var works = []work{{
	name:   "insert",
	change: `INSERT INTO bench.row SELECT * FROM bench.stock WHERE id > $1::int * $2::int AND id <= ($1::int + 1) * $2::int AND national`,
	seen:   `SELECT EXISTS (SELECT FROM bench.row WHERE province = $1 AND id = $2)`,
	last:   `SELECT max(id) FROM bench.stock WHERE national AND $1::int >= 0`,
}, {
	name: "update",
	change: `UPDATE bench.row r SET quantity = quantity + 1, paid_fen = amount_fen, status = 'suspended', updated_at = now(),
		note = md5(r.note) || substr(r.note, 33) FROM bench.pick p WHERE p.batch = $1::int AND r.id = p.id AND $2::int > 0`,
	seen: `SELECT EXISTS (SELECT FROM bench.row WHERE province = $1 AND id = $2 AND quantity > 0)`,
	last: `SELECT max(id) FROM bench.pick WHERE batch = $1::int`,
}}

// fillSource makes the tables of a province with rows to work with.
func fillSource(ctx context.Context, db *pgx.Conn, rows int) error {
	if _, err := db.Exec(ctx, sourceTables); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if _, err := db.Exec(ctx, stock, rows, unselected); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if _, err := db.Exec(ctx, pick, batchRows); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	for _, sql := range []string{`CREATE INDEX pick_batch ON bench.pick (batch)`, `VACUUM ANALYZE bench.stock`, `VACUUM ANALYZE bench.pick`} {
		if _, err := db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	return nil
}

// unselected rows are written to the province as well; headquarters must not get them.
const unselected = 500

// digest is what two databases with the same rows agree on.
type digest struct {
	Rows int64
	Sum  string
}

// contents reads every row; in the province those that are selected.
func contents(ctx context.Context, db *pgx.Conn, where string) (digest, error) {
	var d digest
	err := db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*), coalesce(md5(string_agg(md5(ROW(%s)::text), '' ORDER BY id)), '') FROM bench.row WHERE %s`,
		columns(), where)).Scan(&d.Rows, &d.Sum)
	return d, err
}

// waitTrue returns when a query says true. A query answers at once, so what is added to a measured
// time is at most the pause.
func waitTrue(ctx context.Context, db *pgx.Conn, query string, args ...any) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		var yes bool
		if err := db.QueryRow(ctx, query, args...).Scan(&yes); err != nil || yes {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
