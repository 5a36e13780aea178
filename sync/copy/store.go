package copy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
	"jike/sync/apply"
)

// State is where a province's copy is.
type State string

// The states; see the package comment.
const (
	missing   State = ""
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Progress is what is known of a province's copy.
type Progress struct {
	Province      int16      `json:"province"`
	Epoch         int64      `json:"epoch"`
	State         State      `json:"state"`
	Expected      int64      `json:"expected"` // rows, about
	Rows          int64      `json:"rows"`     // copied
	Bytes         int64      `json:"bytes"`    // of them
	Ranges        int        `json:"ranges"`
	RangesDone    int        `json:"rangesDone"`
	BegunAt       time.Time  `json:"begunAt"`
	EndedAt       *time.Time `json:"endedAt,omitempty"`
	RowsPerSecond float64    `json:"rowsPerSecond"` // of the last few seconds; 0 unless it runs in this process
}

// Progress tells of one province's copy, or of all provinces' if province is 0.
func (n *National) Progress(ctx context.Context, province int16) ([]Progress, error) {
	all, err := n.store.progress(ctx, province)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range all {
		all[i].RowsPerSecond = n.speeds[all[i].Province]
	}
	return all, nil
}

// store keeps sync.copy and sync.copy_range.
type store struct{ db *pgxpool.Pool }

// openRange is a range that is not at its end.
type openRange struct {
	Relation          string
	First, Last, Next int64
	Done              bool `db:"-"`
}

// resume gives the copy that runs to an epoch. It answers the state of the epoch's copy, missing if
// there is none.
func (s store) resume(ctx context.Context, province int16, epoch int64) (state State, err error) {
	_, err = s.db.Exec(ctx, `UPDATE sync.copy SET epoch = $2 WHERE province = $1 AND state = 'running'`, province, epoch)
	if err == nil {
		err = s.db.QueryRow(ctx, `SELECT state FROM sync.copy WHERE province = $1 AND epoch = $2`, province, epoch).Scan(&state)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return missing, nil
	}
	return state, wrap("look for a copy", err)
}

// empty reports whether no row of the province is here.
func (s store) empty(ctx context.Context, province int16, tables []replica.Table) (bool, error) {
	some := make([]string, len(tables))
	for i, t := range tables {
		some[i] = fmt.Sprintf("EXISTS (SELECT FROM %s WHERE province = $1)", pgx.Identifier{t.Schema, t.Name}.Sanitize())
	}
	var empty bool
	err := s.db.QueryRow(ctx, "SELECT NOT ("+strings.Join(some, " OR ")+")", province).Scan(&empty)
	return empty, wrap("look for rows", err)
}

// begin writes down what is to be copied.
func (s store) begin(ctx context.Context, province int16, epoch int64, all plan) error {
	return wrap("begin", pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		var rows int64
		if _, err := tx.Exec(ctx, `DELETE FROM sync.copy_range WHERE province = $1`, province); err != nil {
			return err
		}
		for _, t := range all.Tables {
			rows += t.Rows
			first, last := make([]int64, len(t.Ranges)), make([]int64, len(t.Ranges))
			for i, r := range t.Ranges {
				first[i], last[i] = r.First, r.Last
				if i > 0 && r.First != last[i-1]+1 || r.Last < r.First {
					return fmt.Errorf("the ranges of %s do not follow one another", t.Table)
				}
			}
			if _, err := tx.Exec(ctx, `INSERT INTO sync.copy_range (province, relation, first_key, last_key, next_key)
				SELECT $1, $2, first, last, first FROM unnest($3::bigint[], $4::bigint[]) r(first, last)`, province, t.Table, first, last); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO sync.copy (province, epoch, expected) VALUES ($1, $2, $3)
			ON CONFLICT (province) DO UPDATE SET epoch = EXCLUDED.epoch, expected = EXCLUDED.expected, state = 'running',
			rows = 0, bytes = 0, begun_at = now(), ended_at = NULL`, province, epoch, rows)
		return err
	}))
}

// open gives the ranges that are not at their end.
func (s store) open(ctx context.Context, province int16) ([]openRange, error) {
	rows, err := s.db.Query(ctx, `SELECT relation, first_key AS first, last_key AS last, next_key AS next FROM sync.copy_range
		WHERE province = $1 AND NOT done ORDER BY relation, first_key`, province)
	if err != nil {
		return nil, wrap("read the ranges", err)
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByName[openRange])
	return open, wrap("read the ranges", err)
}

// finish ends a copy all of whose ranges are at their end.
func (s store) finish(ctx context.Context, province int16) (total Progress, err error) {
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `UPDATE sync.copy c SET state = 'done', ended_at = now(), rows = r.rows, bytes = r.bytes
			FROM (SELECT coalesce(sum(rows), 0) AS rows, coalesce(sum(bytes), 0) AS bytes, coalesce(bool_and(done), true) AS done
				FROM sync.copy_range WHERE province = $1) r
			WHERE c.province = $1 AND c.state = 'running' AND r.done RETURNING c.rows, c.bytes, c.begun_at, c.ended_at`, province).
			Scan(&total.Rows, &total.Bytes, &total.BegunAt, &total.EndedAt)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM sync.copy_range WHERE province = $1`, province)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errMoved
	}
	return total, wrap("end", err)
}

func (s store) cancel(ctx context.Context, province int16) error {
	tag, err := s.db.Exec(ctx, `UPDATE sync.copy c SET state = 'cancelled', ended_at = now(),
		rows = (SELECT coalesce(sum(rows), 0) FROM sync.copy_range r WHERE r.province = c.province),
		bytes = (SELECT coalesce(sum(bytes), 0) FROM sync.copy_range r WHERE r.province = c.province)
		WHERE province = $1 AND state = 'running'`, province)
	if err == nil && tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: %d", ErrNotRunning, province)
	}
	return wrap("cancel", err)
}

func (s store) progress(ctx context.Context, province int16) ([]Progress, error) {
	rows, err := s.db.Query(ctx, `SELECT c.province, c.epoch, c.state, c.expected, c.begun_at, c.ended_at, 0::float8 AS rows_per_second,
			CASE c.state WHEN 'running' THEN r.rows ELSE c.rows END AS rows, CASE c.state WHEN 'running' THEN r.bytes ELSE c.bytes END AS bytes,
			r.ranges, r.ranges_done
		FROM sync.copy c CROSS JOIN LATERAL (SELECT coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(bytes), 0)::bigint AS bytes,
			count(*) AS ranges, count(*) FILTER (WHERE done) AS ranges_done FROM sync.copy_range WHERE province = c.province) r
		WHERE $1::smallint IN (0, c.province) ORDER BY c.province`, province)
	if err != nil {
		return nil, wrap("read the progress", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Progress])
	return all, wrap("read the progress", err)
}

// errMoved says that a range is not where it was left: the copy was cancelled, or another process
// copies too.
var errMoved = errors.New("copy: the copy was cancelled or went on elsewhere")

// write writes a chunk and moves its range to where the next begins, in one transaction. Rows that
// are in the way nobody wrote who knows of this copy: they are removed first.
func (n *National) write(ctx context.Context, j *joining, l *apply.Loader, r *openRange, h chunkHeader, rows []byte, size int) error {
	next := h.Next
	if h.Done {
		next = r.Last
	}
	err := n.writeOnce(ctx, j, l, r, h, rows, size, next, false)
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "23505" {
		err = n.writeOnce(ctx, j, l, r, h, rows, size, next, true)
	}
	if err == nil {
		r.Next, r.Done = next, h.Done
	}
	return err
}

func (n *National) writeOnce(ctx context.Context, j *joining, l *apply.Loader, r *openRange, h chunkHeader, rows []byte, size int, next int64, clear bool) error {
	return pgx.BeginFunc(ctx, n.load, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE sync.copy_range r SET next_key = $5, done = $6, rows = r.rows + $7, bytes = r.bytes + $8
			FROM sync.copy c WHERE c.province = r.province AND c.state = 'running' AND c.epoch = $9
			AND r.province = $1 AND r.relation = $2 AND r.first_key = $3 AND r.next_key = $4 AND NOT r.done`,
			j.site.Province, r.Relation, r.First, r.Next, next, h.Done, h.Rows, size, j.epoch)
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return errMoved
		}
		if err := leaveOut(ctx, tx, j, r.Relation, h.LeftOut); err != nil {
			return err
		}
		if clear {
			upTo := next - 1
			if h.Done {
				upTo = r.Last
			}
			if _, err := tx.Exec(ctx, l.DeleteSQL(), r.Next, upTo); err != nil {
				return err
			}
		}
		_, err = tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows), l.SQL())
		return err
	})
}

// leaveOut has rows that were too large repaired through the stream.
func leaveOut(ctx context.Context, tx pgx.Tx, j *joining, relation string, keys []int64) error {
	if len(keys) == 0 {
		return nil
	}
	j.log.Warn("copy: rows that are too large come by repair", "table", relation, "keys", keys)
	_, err := tx.Exec(ctx, `INSERT INTO sync.divergence (province, relation, key, kind, epoch, lsn)
		SELECT $1, $2, key, 'unknown', $3, '0/0' FROM unnest($4::bigint[]) key
		ON CONFLICT (province, relation, key) WHERE repaired_at IS NULL DO NOTHING`, j.site.Province, relation, j.epoch, keys)
	return err
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("copy: %s: %w", what, err)
	}
	return nil
}
