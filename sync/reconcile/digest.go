package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// Method is how a row becomes the bytes that are digested. Both sides use the same one and the
// certificate names it.
type Method string

const (
	// TextMD5 is md5 of the row's text with the settings below: the same on every version.
	TextMD5 Method = "md5-text"
	// TypedHash is PostgreSQL's 64-bit record hash with the certificate's sequence as its seed,
	// two to three times cheaper. It is the same only within one major version, and only for
	// types whose equal values have equal bytes.
	TypedHash Method = "hash-record"
)

// rangeRows is how many rows of the province one range covers, rangesPerPage how many ranges one
// request asks for: a request stays well below a second, and a reply far below NATS' limit.
const (
	rangeRows     = 1000
	rangesPerPage = 50
	rowsPerPage   = 5000
	keysPerPage   = 500
)

// typedHashTypes are the column types whose equal values always have equal bytes; numeric (1.0 and
// 1.00) and float8 (0 and -0) are not among them.
var typedHashTypes = map[string]bool{
	"int2": true, "int4": true, "int8": true, "text": true, "bool": true, "date": true,
	"timestamptz": true, "timestamp": true, "uuid": true, "bytea": true,
}

// settings fix everything that the text of a row depends on; the rest keeps a digest from
// taking more than one core from the writers.
const settings = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0`

// Range is a run of keys, both ends included, with what one side holds there.
type Range struct {
	Low    int64  `json:"low"`
	High   int64  `json:"high"`
	Rows   int64  `json:"rows"`
	Digest []byte `json:"digest,omitempty"` // SHA-256 over the rows' hashes in key order, none if no rows
}

// rowHash is one row, reduced to what drilling down compares.
type rowHash struct {
	Key  int64
	Hash []byte
}

// side reads one side's rows inside one snapshot. Its methods are not safe for concurrent use: a
// snapshot lives on one connection.
type side struct {
	tx     pgx.Tx
	filter string // which rows belong to the comparison: this side's part of the WHERE clause
	method Method
	seed   int64
}

// provinceFilter selects what is published; nationalFilter what headquarters holds of one province.
const provinceFilter = "national"

func nationalFilter(province int16) string { return fmt.Sprintf("province = %d", province) }

// newSide fixes the settings of the snapshot's transaction.
func newSide(ctx context.Context, tx pgx.Tx, filter string, method Method, seed int64) (*side, error) {
	if _, err := tx.Exec(ctx, settings); err != nil {
		return nil, fmt.Errorf("settings of the snapshot: %w", err)
	}
	return &side{tx: tx, filter: filter, method: method, seed: seed}, nil
}

// hashSQL is the expression that hashes a row.
func (s *side) hashSQL(t replica.Table) string {
	row := "ROW(" + strings.Join(columnNames(t), ", ") + ")"
	if s.method == TypedHash {
		return fmt.Sprintf("int8send(hash_record_extended(%s, %d))", row, s.seed)
	}
	return fmt.Sprintf("decode(md5(%s::text), 'hex')", row)
}

func columnNames(t replica.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = pgx.Identifier{c.Name}.Sanitize()
	}
	return names
}

func tableName(t replica.Table) string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

// cut digests up to count ranges of size rows each, beginning at key from, and so sets their
// boundaries. The ranges lie seamlessly beside each other; the last one of the table ends at the
// key to, and last says that it is among them.
func (s *side) cut(ctx context.Context, t replica.Table, from, to int64, count, size int) (ranges []Range, last bool, err error) {
	key := pgx.Identifier{t.Key}.Sanitize()
	sql := fmt.Sprintf(`SELECT min(k), max(k), count(*), sha256(string_agg(h, ''::bytea ORDER BY k))
		FROM (SELECT %[1]s AS k, %[2]s AS h, (row_number() OVER (ORDER BY %[1]s) - 1) / $3::int8 AS n
			FROM %[3]s WHERE %[4]s AND %[1]s BETWEEN $1 AND $4 ORDER BY %[1]s LIMIT $2) r
		GROUP BY n ORDER BY n`, key, s.hashSQL(t), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, from, count*size, size, to)
	if err != nil {
		return nil, false, fmt.Errorf("cut %s: %w", t.Qualified(), err)
	}
	ranges, err = pgx.CollectRows(rows, scanRange)
	if err != nil {
		return nil, false, fmt.Errorf("cut %s: %w", t.Qualified(), err)
	}
	last = len(ranges) < count || ranges[len(ranges)-1].Rows < int64(size) || ranges[len(ranges)-1].High == to
	if len(ranges) == 0 {
		ranges = []Range{{}}
	}
	for i := range ranges {
		ranges[i].Low = from
		if last && i == len(ranges)-1 {
			ranges[i].High = to
		}
		if ranges[i].High < to {
			from = ranges[i].High + 1
		}
	}
	return ranges, last, nil
}

func scanRange(row pgx.CollectableRow) (r Range, err error) {
	err = row.Scan(&r.Low, &r.High, &r.Rows, &r.Digest)
	return r, err
}

// digest fills in what this side holds in ranges. Ranges that lie seamlessly beside each other are
// read in one piece; nothing between ranges is read.
func (s *side) digest(ctx context.Context, t replica.Table, bounds []Range) ([]Range, error) {
	out := make([]Range, 0, len(bounds))
	for start := 0; start < len(bounds); start = len(out) {
		end := start + 1
		for end < len(bounds) && bounds[end].Low == bounds[end-1].High+1 {
			end++
		}
		held, err := s.digestRun(ctx, t, bounds[start:end])
		if err != nil {
			return nil, err
		}
		out = append(out, held...)
	}
	return out, nil
}

// digestRun is digest for ranges without a gap.
func (s *side) digestRun(ctx context.Context, t replica.Table, bounds []Range) ([]Range, error) {
	out := make([]Range, len(bounds))
	starts := make([]int64, len(bounds)-1)
	for i, b := range bounds {
		out[i] = Range{Low: b.Low, High: b.High}
		if i > 0 {
			starts[i-1] = b.Low
		}
	}
	sql := fmt.Sprintf(`SELECT n, count(*), sha256(string_agg(h, ''::bytea ORDER BY k))
		FROM (SELECT %[1]s AS k, %[2]s AS h, width_bucket(%[1]s, $3::int8[]) AS n
			FROM %[3]s WHERE %[4]s AND %[1]s BETWEEN $1 AND $2) r
		GROUP BY n`, pgx.Identifier{t.Key}.Sanitize(), s.hashSQL(t), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, bounds[0].Low, bounds[len(bounds)-1].High, starts)
	if err != nil {
		return nil, fmt.Errorf("digest %s: %w", t.Qualified(), err)
	}
	var n int
	var held Range
	_, err = pgx.ForEachRow(rows, []any{&n, &held.Rows, &held.Digest}, func() error {
		out[n].Rows, out[n].Digest = held.Rows, held.Digest
		held.Digest = nil // the next row must not overwrite this one's bytes
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("digest %s: %w", t.Qualified(), err)
	}
	return out, nil
}

// rows lists up to limit rows of a run of keys by key.
func (s *side) rows(ctx context.Context, t replica.Table, low, high int64, limit int) ([]rowHash, error) {
	key := pgx.Identifier{t.Key}.Sanitize()
	sql := fmt.Sprintf(`SELECT %[1]s, %[2]s FROM %[3]s WHERE %[4]s AND %[1]s BETWEEN $1 AND $2 ORDER BY %[1]s LIMIT $3`,
		key, s.hashSQL(t), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, low, high, limit)
	if err != nil {
		return nil, fmt.Errorf("rows of %s: %w", t.Qualified(), err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r rowHash, err error) {
		err = row.Scan(&r.Key, &r.Hash)
		return r, err
	})
}

// values gives for each of the keys that exist the md5 of every column's text, empty for null.
func (s *side) values(ctx context.Context, t replica.Table, keys []int64) (map[int64][]string, error) {
	columns := columnNames(t)
	for i, c := range columns {
		columns[i] = "coalesce(md5(" + c + "::text), '')"
	}
	key := pgx.Identifier{t.Key}.Sanitize()
	sql := fmt.Sprintf(`SELECT %[1]s, ARRAY[%[2]s] FROM %[3]s WHERE %[4]s AND %[1]s = ANY($1)`,
		key, strings.Join(columns, ", "), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, keys)
	if err != nil {
		return nil, fmt.Errorf("values of %s: %w", t.Qualified(), err)
	}
	out := make(map[int64][]string, len(keys))
	var k int64
	var hashes []string
	_, err = pgx.ForEachRow(rows, []any{&k, &hashes}, func() error {
		out[k], hashes = hashes, nil
		return nil
	})
	return out, err
}

// capability is what a side can do: the method is chosen from both sides' answers.
type capability struct {
	PostgreSQL int    `json:"postgresql"` // server_version_num
	Probe      string `json:"probe"`      // the typed hash of a fixed row: differs if the platforms hash differently
}

func (s *side) capability(ctx context.Context) (c capability, err error) {
	err = s.tx.QueryRow(ctx, `SELECT current_setting('server_version_num')::int,
		hash_record_extended(ROW(591::int2, 20261124::int4, -1::int8, '集客'::text, true, NULL::text,
			date '2026-11-24', timestamptz '2026-11-24 00:00:00.000001+00'), 42)::text`).Scan(&c.PostgreSQL, &c.Probe)
	if err != nil {
		return c, fmt.Errorf("version of PostgreSQL: %w", err)
	}
	return c, nil
}

// chooseMethod takes the cheap hash where it is certain to agree, else text.
func chooseMethod(a, b capability, tables []replica.Table) Method {
	if a.PostgreSQL/10000 != b.PostgreSQL/10000 || a.Probe != b.Probe {
		return TextMD5
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			if !typedHashTypes[c.Type] {
				return TextMD5
			}
		}
	}
	return TypedHash
}

// tally adds up the ranges of one table on one side, in order, to the table's digest.
type tally struct {
	rows   int64
	ranges int64
	sum    [32]byte
}

// add chains a range into the table's digest: SHA-256(digest so far, low, high, rows, digest).
func (t *tally) add(r Range) {
	buf := make([]byte, 0, 32+3*8+32)
	buf = append(buf, t.sum[:]...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.Low))
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.High))
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.Rows))
	buf = append(buf, r.Digest...)
	t.sum = sha256.Sum256(buf)
	t.rows += r.Rows
	t.ranges++
}

// estimate is how many rows PostgreSQL's planner expects in tables between two keys: good enough to
// say how long a run will take, and free.
func (s *side) estimate(ctx context.Context, tables []replica.Table, low, high int64) (total int64, err error) {
	for _, t := range tables {
		var plan []struct {
			Plan struct {
				Rows float64 `json:"Plan Rows"`
			}
		}
		key := pgx.Identifier{t.Key}.Sanitize()
		var raw []byte
		err := s.tx.QueryRow(ctx, fmt.Sprintf(`EXPLAIN (FORMAT JSON) SELECT FROM %s WHERE %s AND %s BETWEEN %d AND %d`,
			tableName(t), s.filter, key, low, high)).Scan(&raw)
		if err == nil {
			err = json.Unmarshal(raw, &plan)
		}
		if err != nil || len(plan) != 1 {
			return 0, fmt.Errorf("estimated rows of %s: %w", t.Qualified(), err)
		}
		total += int64(plan[0].Plan.Rows)
	}
	return total, nil
}
