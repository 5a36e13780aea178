package apply

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jike/sync/wire"
)

// manyRows is from where on rows go through COPY; fewer go as arrays in one round trip.
const manyRows = 200

// writer writes folds on one connection.
type writer struct {
	conn     *pgx.Conn
	province int16
	targets  []*target
	prepared map[string]string // statement and its name on the connection
	proven   int64             // the epoch known to have been equal once
}

// step is one statement of a round trip.
type step struct {
	sql    string
	params [][]byte
	check  func(*pgconn.Result)
}

// group is rows of one table that one statement writes.
type group struct {
	*target
	groupID
	rows []row
}

type groupID struct {
	kind  write
	set   columns // whose values are known
	whole bool    // the others are columns that the province does not have
}

func unknown(field wire.Field) bool { return field[1] == wire.UnknownField }

// job is what one fold comes to.
type job struct {
	epoch     int64
	steps     []step
	many      []group
	missed    []group // updates of which some met no row
	incidents []incident
	conflicts int
}

// plan is how the last state of each key comes into the tables: deletes of all tables first, then
// what is written of each. It returns errPoison for tuples that do not fit their table.
func (w *writer) plan(epoch int64, f *fold) (*job, error) {
	j := &job{epoch: epoch}
	var groups []group
	for i, g := range w.targets {
		j.remove(g, &f.piles[i])
		j.conflicts += f.piles[i].conflicts
		more, err := g.groups(&f.piles[i])
		if err != nil {
			return nil, err
		}
		groups = append(groups, more...)
	}
	for _, g := range groups {
		if len(g.rows) < manyRows {
			j.writeFew(g)
		} else {
			j.many = append(j.many, g)
		}
	}
	return j, nil
}

// finish writes what is too much for a step, and deals with what met no row.
func (w *writer) finish(ctx context.Context, j *job) error {
	for _, g := range j.many {
		if err := w.writeMany(ctx, j, g); err != nil {
			return err
		}
	}
	return w.settle(ctx, j)
}

// remove plans what goes away before anything is written, and what is recorded of keys.
func (j *job) remove(g *target, p *pile) {
	province, relation := int8Param(int64(g.province)), []byte(g.table.Qualified())
	if p.truncated {
		j.steps = append(j.steps, step{sql: "DELETE FROM " + g.partition}, step{emptySQL, [][]byte{province, relation}, nil})
	}
	var keys, older, settled, absent []int64
	expected := map[int64]*entry{}
	befores, limits := arrayHeader(lsnOID, 0), arrayHeader(lsnOID, 0)
	for i := range p.entries {
		e := &p.entries[i]
		j.conflicts += e.replaced
		switch e.removal {
		case removeExpected:
			expected[e.key] = e
			keys = append(keys, e.key)
		case removeAny:
			keys = append(keys, e.key)
		case removeOlder:
			older = append(older, e.key)
			befores = appendLSN(befores, e.before)
		}
		if e.settled {
			settled = append(settled, e.key)
		} else if e.absent {
			absent = append(absent, e.key)
			limits = appendLSN(limits, e.before)
		}
		if e.unknown {
			j.incidents = append(j.incidents, incident{g.table.Qualified(), e.key, kindUnknown, e.lsn})
		}
	}
	if len(settled) > 0 {
		j.steps = append(j.steps, step{settleSQL, [][]byte{province, relation, keyArray(settled)}, func(r *pgconn.Result) {
			for _, open := range r.Rows { // its row was known to be missing
				delete(expected, int64(binary.BigEndian.Uint64(open[0])))
			}
		}})
	}
	if len(absent) > 0 {
		j.steps = append(j.steps, step{absentSQL, [][]byte{province, relation, keyArray(absent), sized(limits, len(absent)), int8Param(j.epoch)}, nil})
	}
	if len(keys) > 0 {
		j.steps = append(j.steps, step{g.deleteSQL(), [][]byte{keyArray(keys)}, func(r *pgconn.Result) {
			for _, there := range r.Rows {
				delete(expected, int64(binary.BigEndian.Uint64(there[0])))
			}
			for _, e := range expected {
				j.incidents = append(j.incidents, incident{g.table.Qualified(), e.key, kindDelete, e.lsn})
			}
		}})
	}
	if len(older) > 0 {
		j.steps = append(j.steps, step{g.deleteOlderSQL(), [][]byte{int8Param(j.epoch), keyArray(older), sized(befores, len(older))}, nil})
	}
}

// sized writes the number of elements into an array that was begun without it.
func sized(array []byte, n int) []byte {
	binary.BigEndian.PutUint32(array[12:], uint32(n))
	return array
}

func int8Param(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func int2Param(v int16) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func lsnParam(lsn wire.LSN) []byte { return int8Param(int64(lsn)) }

// timeParam is a timestamptz; the zero time is null.
func timeParam(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return int8Param(t.Sub(wire.PostgresEpoch).Microseconds())
}

// groups sorts what is to be written by kind and, for updates, by the columns whose values came.
func (g *target) groups(p *pile) ([]group, error) {
	arena := make([]wire.Field, 0, len(p.entries)*len(g.names))
	var groups []group
	at := map[groupID]int{}
	for i := range p.entries {
		e := &p.entries[i]
		if e.write == writeNone {
			continue
		}
		start := len(arena)
		var err error
		if arena, err = wire.Fields(e.tuple, len(g.names), arena); err != nil {
			return nil, fmt.Errorf("%w: %s, key %d: %s", errPoison, g.table.Qualified(), e.key, err.Error())
		}
		r := row{entry: e, fields: arena[start:len(arena):len(arena)]}
		set, whole := known(r.fields), !slices.ContainsFunc(r.fields, unknown)
		if e.write != writeUpdate && !whole {
			return nil, fmt.Errorf("%w: %s, key %d: a new row with unknown fields", errPoison, g.table.Qualified(), e.key)
		}
		id := groupID{e.write, set, whole}
		n, ok := at[id]
		if !ok {
			n = len(groups)
			at[id] = n
			groups = append(groups, group{target: g, groupID: id})
		}
		groups[n].rows = append(groups[n].rows, r)
	}
	return groups, nil
}

// writeFew plans a group as one statement over arrays.
func (j *job) writeFew(g group) {
	params := append([][]byte{int8Param(j.epoch)}, g.arrays(g.rows, g.set)...)
	switch g.kind {
	case writeUpdate:
		j.steps = append(j.steps, step{g.updateSQL(g.set, 0, false), params, func(r *pgconn.Result) {
			if r.CommandTag.RowsAffected() < int64(len(g.rows)) {
				j.missed = append(j.missed, g)
			}
		}})
	case writeInsert:
		j.steps = append(j.steps, step{g.insertSQL(g.set, 0, false), params, func(r *pgconn.Result) {
			j.conflicts += int(binary.BigEndian.Uint64(r.Rows[0][0]))
		}})
	default:
		j.steps = append(j.steps, step{g.insertSQL(g.set, 0, false), params, nil})
	}
}

// run carries out steps in one round trip.
func (w *writer) run(ctx context.Context, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	b := &pgconn.Batch{}
	binaryForm := []int16{pgx.BinaryFormatCode}
	for _, s := range steps {
		name, err := w.prepare(ctx, s.sql)
		if err != nil {
			return err
		}
		b.ExecPrepared(name, s.params, binaryForm, binaryForm)
	}
	results, err := w.conn.PgConn().ExecBatch(ctx, b).ReadAll()
	if err != nil {
		return fmt.Errorf("apply: write rows: %w", err)
	}
	for i, s := range steps {
		if s.check != nil {
			s.check(results[i])
		}
	}
	return nil
}

func (w *writer) prepare(ctx context.Context, sql string) (string, error) {
	if name, ok := w.prepared[sql]; ok {
		return name, nil
	}
	name := fmt.Sprintf("apply_%d", len(w.prepared))
	if _, err := w.conn.PgConn().Prepare(ctx, name, sql, nil); err != nil {
		return "", fmt.Errorf("apply: prepare: %w", err)
	}
	w.prepared[sql] = name
	return name, nil
}

// writeMany writes a group through COPY, in the order of the keys: neighbours lie on the same pages
// of table and index. Its statements are not prepared: the planner looks at the size of the stage
// each time.
func (w *writer) writeMany(ctx context.Context, j *job, g group) error {
	slices.SortFunc(g.rows, func(a, b row) int { return cmp.Compare(a.entry.key, b.entry.key) })
	if g.kind == writeInsert {
		done, err := w.copyRows(ctx, j.epoch, g)
		if done || err != nil {
			return err
		}
	}
	if err := w.stage(ctx, g); err != nil {
		return err
	}
	sql := g.insertSQL(g.set, j.epoch, true)
	if g.kind == writeUpdate {
		sql = g.updateSQL(g.set, j.epoch, true)
	}
	sql = "SET LOCAL enable_seqscan = on; " + sql + "; SET LOCAL enable_seqscan = off" // the stage has no index
	results, err := w.conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return fmt.Errorf("apply: write rows: %w", err)
	}
	switch g.kind {
	case writeUpdate:
		if results[1].CommandTag.RowsAffected() < int64(len(g.rows)) {
			j.missed = append(j.missed, g)
		}
	case writeInsert:
		var met int
		if _, err := fmt.Sscan(string(results[1].Rows[0][0]), &met); err != nil {
			return fmt.Errorf("apply: count conflicts: %w", err)
		}
		j.conflicts += met
	}
	return nil
}

// copyRows copies new rows straight into the partition. It reports false when one of them met a
// row; nothing is written then.
func (w *writer) copyRows(ctx context.Context, epoch int64, g group) (bool, error) {
	err := savepoint(ctx, w.conn, func() error {
		_, err := w.conn.PgConn().CopyFrom(ctx, g.copyPartition(g.rows, g.set, epoch), g.copyPartitionSQL(g.set))
		return err
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "23505" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("apply: copy rows: %w", err)
	}
	return true, nil
}

// stage fills the table's stage with the rows of a group and nothing else.
func (w *writer) stage(ctx context.Context, g group) error {
	for _, sql := range []string{g.stageSQL(), "TRUNCATE " + g.stage} {
		if _, err := w.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("apply: stage: %w", err)
		}
	}
	if _, err := w.conn.PgConn().CopyFrom(ctx, g.copyStage(g.rows, g.set), g.copyStageSQL(g.set)); err != nil {
		return fmt.Errorf("apply: stage: %w", err)
	}
	return nil
}
