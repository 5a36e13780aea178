package apply

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// target is one table that is written: at headquarters the province's own partition of it, in a
// province the plain table of what comes down.
type target struct {
	table     replica.Table
	province  int16
	plain     bool     // no partition, and no column that says whose row it is
	partition string   // sanitized
	stage     string   // its temporary table for many rows at once
	names     []string // of the columns, sanitized
	oids      []uint32 // of their types, from the database
	key       int      // place of the key
}

// errTable says that headquarters' table is not what is replicated.
var errTable = errors.New("apply: the table is not what is replicated")

func newTarget(province int16, plain bool, index int, t replica.Table) (*target, error) {
	g := &target{
		table: t, province: province, plain: plain, key: -1, stage: fmt.Sprintf("pg_temp.stage_%d", index),
		partition: pgx.Identifier{t.Schema, fmt.Sprintf("%s_%d", t.Name, province)}.Sanitize(),
	}
	if plain {
		g.partition = pgx.Identifier{t.Schema, t.Name}.Sanitize()
	}
	for i, c := range t.Columns {
		g.names = append(g.names, pgx.Identifier{c.Name}.Sanitize())
		if c.Name == t.Key {
			g.key = i
		}
	}
	// The key is read from the first field of a tuple, and a set of columns is held in 64 bits.
	if g.key != 0 || len(g.names) > 64 {
		return nil, fmt.Errorf("%w: %s must begin with its key %s and have 64 columns at most", errTable, t.Qualified(), t.Key)
	}
	return g, nil
}

// check finds the types of the columns and holds them against what is replicated. It returns
// errTable for a difference.
func (g *target) check(ctx context.Context, conn *pgx.Conn) error {
	wanted := make([]string, len(g.table.Columns))
	for i, c := range g.table.Columns {
		wanted[i] = c.Type
	}
	rows, err := conn.Query(ctx, `SELECT w.type::regtype::oid, a.atttypid FROM unnest($2::text[], $3::text[]) WITH ORDINALITY w(name, type, n)
		LEFT JOIN pg_attribute a ON a.attrelid = to_regclass($1) AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY w.n`, g.partition, columnNames(g.table), wanted)
	if err != nil {
		return fmt.Errorf("apply: look at %s: %w", g.partition, err)
	}
	g.oids = g.oids[:0]
	var want uint32
	var have *uint32
	_, err = pgx.ForEachRow(rows, []any{&want, &have}, func() error {
		if have == nil || *have != want {
			c := g.table.Columns[len(g.oids)]
			return fmt.Errorf("%w: column %s of %s is missing or not %s", errTable, c.Name, g.partition, c.Type)
		}
		g.oids = append(g.oids, want)
		return nil
	})
	return err
}

func columnNames(t replica.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// columns is a set of a table's columns, a bit for each.
type columns uint64

func (c columns) has(i int) bool { return c>>i&1 == 1 }

func (c columns) count() int { return bits.OnesCount64(uint64(c)) }

func (g *target) all() columns { return 1<<len(g.names) - 1 }

// known is the set of those fields that have a value, null included.
func known(fields []wire.Field) (c columns) {
	for i, f := range fields {
		if f[1] >= wire.NullField {
			c |= 1 << i
		}
	}
	return c
}

// pick gives the names of a set of columns with a prefix before each.
func (g *target) pick(set columns, prefix string) []string {
	var names []string
	for i, name := range g.names {
		if set.has(i) {
			names = append(names, prefix+name)
		}
	}
	return names
}

// Statements. Rows come as arrays, one parameter for each column of the set and one for the
// stamps, after the epoch; or they lie in the stage.

// lead is text that concerns the column province, which a plain table does not have.
func (g *target) lead(text string) string {
	if g.plain {
		return ""
	}
	return text
}

// owned is the condition that a row is the province's, with the word that joins it to the next.
func (g *target) owned(alias string) string {
	return g.lead(fmt.Sprintf("%sprovince = %d AND ", alias, g.province))
}

// source is where rows come from: the FROM item s.
func (g *target) source(set columns, staged bool) string {
	if staged {
		return g.stage + " s"
	}
	var arrays []string
	for i, c := range g.table.Columns {
		if set.has(i) {
			arrays = append(arrays, fmt.Sprintf("$%d::%s[]", len(arrays)+2, c.Type))
		}
	}
	arrays = append(arrays, fmt.Sprintf("$%d::pg_lsn[]", len(arrays)+2))
	return fmt.Sprintf("unnest(%s) s(%s, stamp_lsn)", strings.Join(arrays, ", "), strings.Join(g.pick(set, ""), ", "))
}

// epoch is the expression of the stamp's epoch.
func epoch(value int64, staged bool) string {
	if staged {
		return fmt.Sprintf("%d", value)
	}
	return "$1::int8"
}

// insertSQL writes rows and answers how many met one that was there. Columns out of the set, which
// an older province does not send, keep their value or get their default.
func (g *target) insertSQL(set columns, value int64, staged bool) string {
	var assign []string
	for i, name := range g.names {
		if set.has(i) && i != g.key {
			assign = append(assign, fmt.Sprintf("%s = EXCLUDED.%[1]s", name))
		}
	}
	assign = append(assign, "stamp_epoch = EXCLUDED.stamp_epoch", "stamp_lsn = EXCLUDED.stamp_lsn")
	return fmt.Sprintf(`WITH written AS (
		INSERT INTO %s (%s%s, stamp_epoch, stamp_lsn) SELECT %s%s, %s, s.stamp_lsn FROM %s
		ON CONFLICT (%[2]s%[8]s) DO UPDATE SET %[9]s
		RETURNING xmax <> 0 AS met) SELECT count(*) FILTER (WHERE met) FROM written`,
		g.partition, g.lead("province, "), strings.Join(g.pick(set, ""), ", "), g.lead(fmt.Sprintf("%d, ", g.province)),
		strings.Join(g.pick(set, "s."), ", "), epoch(value, staged), g.source(set, staged), g.names[g.key], strings.Join(assign, ", "))
}

// updateSQL changes a set of columns.
func (g *target) updateSQL(set columns, value int64, staged bool) string {
	var assign []string
	for i, name := range g.names {
		if set.has(i) && i != g.key {
			assign = append(assign, fmt.Sprintf("%s = s.%[1]s", name))
		}
	}
	assign = append(assign, "stamp_epoch = "+epoch(value, staged), "stamp_lsn = s.stamp_lsn")
	return fmt.Sprintf(`UPDATE %s t SET %s FROM %s WHERE %st.%s = s.%[5]s`,
		g.partition, strings.Join(assign, ", "), g.source(set, staged), g.owned("t."), g.names[g.key])
}

// deleteSQL deletes keys and gives back those that were there.
func (g *target) deleteSQL() string {
	return fmt.Sprintf(`DELETE FROM %s WHERE %s%s = ANY ($1::int8[]) RETURNING %[3]s`, g.partition, g.owned(""), g.names[g.key])
}

// deleteOlderSQL deletes keys whose rows were written before a position, or by nobody knows whom.
func (g *target) deleteOlderSQL() string {
	return fmt.Sprintf(`DELETE FROM %s t USING unnest($2::int8[], $3::pg_lsn[]) s(key, before) WHERE %st.%s = s.key
		AND (t.stamp_epoch IS DISTINCT FROM $1::int8 OR t.stamp_lsn IS NULL OR t.stamp_lsn < s.before)`, g.partition, g.owned("t."), g.names[g.key])
}

// missingSQL tells which keys have no row.
func (g *target) missingSQL() string {
	return fmt.Sprintf(`SELECT k FROM unnest($1::int8[]) k WHERE NOT EXISTS (SELECT FROM %s t WHERE %st.%s = k)`,
		g.partition, g.owned("t."), g.names[g.key])
}

// stageSQL makes the stage, which is empty again after every transaction.
func (g *target) stageSQL() string {
	return fmt.Sprintf(`CREATE TEMP TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT %s, stamp_lsn FROM %s WITH NO DATA`,
		strings.TrimPrefix(g.stage, "pg_temp."), strings.Join(g.names, ", "), g.partition)
}

// Rows in PostgreSQL's binary forms. A tuple's fields are fields of both already.

// row is a row to be written: tuple, its fields, its stamp.
type row struct {
	entry  *entry
	fields []wire.Field
}

const lsnOID = 3220

// arrays gives the parameters that source expects.
func (g *target) arrays(rows []row, set columns) [][]byte {
	var out [][]byte
	for i, oid := range g.oids {
		if !set.has(i) {
			continue
		}
		a := arrayHeader(oid, len(rows))
		for _, r := range rows {
			a = appendField(a, r.entry.tuple, r.fields[i])
		}
		out = append(out, a)
	}
	stamps := arrayHeader(lsnOID, len(rows))
	for _, r := range rows {
		stamps = appendLSN(stamps, r.entry.lsn)
	}
	return append(out, stamps)
}

func appendField(to, tuple []byte, f wire.Field) []byte {
	if f[1] < 0 {
		return append(to, 0xff, 0xff, 0xff, 0xff)
	}
	return append(to, tuple[f[0]-4:f[0]+f[1]]...)
}

func appendLSN(to []byte, lsn wire.LSN) []byte {
	return binary.BigEndian.AppendUint64(append(to, 0, 0, 0, 8), uint64(lsn))
}

func arrayHeader(oid uint32, n int) []byte {
	a := make([]byte, 0, 20+16*n)
	a = binary.BigEndian.AppendUint32(a, 1) // dimensions
	a = binary.BigEndian.AppendUint32(a, 0)
	a = binary.BigEndian.AppendUint32(a, oid)
	a = binary.BigEndian.AppendUint32(a, uint32(n))
	return binary.BigEndian.AppendUint32(a, 1) // first index
}

func keyArray(keys []int64) []byte {
	a := arrayHeader(20, len(keys))
	for _, key := range keys {
		a = binary.BigEndian.AppendUint64(append(a, 0, 0, 0, 8), uint64(key))
	}
	return a
}

var copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// copyStage gives rows as COPY BINARY for the stage.
func (g *target) copyStage(rows []row, set columns) io.Reader {
	return newCopy(rows, func(buf []byte, r row) []byte {
		buf = binary.BigEndian.AppendUint16(buf, uint16(set.count()+1))
		return appendLSN(g.appendTuple(buf, r, set), r.entry.lsn)
	})
}

// copyPartition gives rows as COPY BINARY for the partition.
func (g *target) copyPartition(rows []row, set columns, epoch int64) io.Reader {
	return newCopy(rows, func(buf []byte, r row) []byte {
		buf = g.appendProvince(buf, set.count())
		return appendStamp(g.appendTuple(buf, r, set), epoch, r.entry.lsn)
	})
}

// copyReader gives rows as COPY BINARY a piece at a time: a batch is in memory already, as tuples.
type copyReader struct {
	rows []row
	add  func(buf []byte, r row) []byte
	buf  []byte
	rest []byte // of buf, not read yet
	done bool
}

// copyPiece is from how many bytes on a piece is handed out.
const copyPiece = 64 << 10

func newCopy(rows []row, add func(buf []byte, r row) []byte) *copyReader {
	buf := append(make([]byte, 0, copyPiece+copyPiece/8), copyHeader...)
	return &copyReader{rows: rows, add: add, buf: buf, rest: buf}
}

func (c *copyReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if c.done {
			return 0, io.EOF
		}
		c.fill()
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *copyReader) fill() {
	c.buf = c.buf[:0]
	for len(c.rows) > 0 && len(c.buf) < copyPiece {
		c.buf = c.add(c.buf, c.rows[0])
		c.rows = c.rows[1:]
	}
	if len(c.rows) == 0 {
		c.buf, c.done = append(c.buf, 0xff, 0xff), true
	}
	c.rest = c.buf
}

// appendProvince begins a row of the partition: its province, then so many columns, then its stamp.
// A row of a plain table has no province.
func (g *target) appendProvince(buf []byte, columns int) []byte {
	if g.plain {
		return binary.BigEndian.AppendUint16(buf, uint16(columns+2))
	}
	buf = binary.BigEndian.AppendUint16(buf, uint16(columns+3))
	return binary.BigEndian.AppendUint16(append(buf, 0, 0, 0, 2), uint16(g.province))
}

func (g *target) appendTuple(buf []byte, r row, set columns) []byte {
	if set == g.all() {
		return append(buf, r.entry.tuple...)
	}
	for i, f := range r.fields {
		if set.has(i) {
			buf = appendField(buf, r.entry.tuple, f)
		}
	}
	return buf
}

func appendStamp(buf []byte, epoch int64, lsn wire.LSN) []byte {
	return appendLSN(binary.BigEndian.AppendUint64(append(buf, 0, 0, 0, 8), uint64(epoch)), lsn)
}

func (g *target) copyPartitionSQL(set columns) string {
	return fmt.Sprintf("COPY %s (%s%s, stamp_epoch, stamp_lsn) FROM STDIN BINARY", g.partition, g.lead("province, "), strings.Join(g.pick(set, ""), ", "))
}

func (g *target) copyStageSQL(set columns) string {
	return fmt.Sprintf("COPY %s (%s) FROM STDIN BINARY", g.stage, strings.Join(slices.Concat(g.pick(set, ""), []string{"stamp_lsn"}), ", "))
}
