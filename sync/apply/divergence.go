package apply

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// incident is a change that could not have its effect.
type incident struct {
	relation string
	key      int64
	kind     string
	lsn      wire.LSN
}

// The kinds of sync.divergence.
const (
	kindUpdate  = "update"  // met no row
	kindDelete  = "delete"  // met no row
	kindUnknown = "unknown" // the row's large values were not in the log
)

// settleSQL ends what is recorded of keys. A repair brings a row's current state, and a deletion says
// that there is none to come.
const settleSQL = `UPDATE sync.divergence SET repaired_at = now()
	WHERE province = $1::int8 AND relation = $2::text AND key = ANY ($3::int8[]) AND repaired_at IS NULL RETURNING key`

// absentSQL ends what is recorded of keys that the province does not have: that a delete met no row,
// and what is older than the position before which the province was read, or than the epoch. A row
// that was to come since then is still to come: the reader may not have seen it.
const absentSQL = `UPDATE sync.divergence d SET repaired_at = now() FROM unnest($3::int8[], $4::pg_lsn[]) s(key, before)
	WHERE d.province = $1::int8 AND d.relation = $2::text AND d.key = s.key AND d.repaired_at IS NULL
	AND (d.kind = 'delete' OR d.epoch < $5::int8 OR d.lsn < s.before)`

// emptySQL ends all that is recorded of a table.
const emptySQL = `UPDATE sync.divergence SET repaired_at = now() WHERE province = $1::int8 AND relation = $2::text AND repaired_at IS NULL`

// settle deals with changes that met no row. Before the epoch was proven equal once they are no
// incidents: an update inserts its row, and a delete has nothing to do.
func (w *writer) settle(ctx context.Context, j *job) error {
	for i := range j.missed {
		g := &j.missed[i]
		if err := w.findMissing(ctx, g); err != nil {
			return err
		}
		for _, r := range g.rows {
			j.incidents = append(j.incidents, incident{g.table.Qualified(), r.entry.key, kindUpdate, r.entry.lsn})
		}
	}
	if len(j.incidents) == 0 {
		return nil
	}
	proven, err := w.isProven(ctx, j.epoch)
	if err != nil {
		return err
	}
	if !proven {
		if err := w.pardon(ctx, j); err != nil {
			return err
		}
	}
	return w.record(ctx, j)
}

// findMissing leaves only those rows in the group that are not in the table.
func (w *writer) findMissing(ctx context.Context, g *group) error {
	keys := make([]int64, len(g.rows))
	for i, r := range g.rows {
		keys[i] = r.entry.key
	}
	rows, err := w.conn.Query(ctx, g.missingSQL(), keys)
	if err != nil {
		return fmt.Errorf("apply: find missing rows: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("apply: find missing rows: %w", err)
	}
	missing := make(map[int64]bool, len(list))
	for _, key := range list {
		missing[key] = true
	}
	kept := make([]row, 0, len(list))
	for _, r := range g.rows {
		if missing[r.entry.key] {
			kept = append(kept, r)
		}
	}
	g.rows = kept
	return nil
}

// isProven reports whether a reconciliation of the epoch ended in equality.
func (w *writer) isProven(ctx context.Context, epoch int64) (bool, error) {
	if w.proven == epoch {
		return true, nil
	}
	var proven bool
	err := w.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sync.certificate WHERE province = $1 AND proves_epoch = $2)`,
		w.province, epoch).Scan(&proven)
	if err != nil {
		return false, fmt.Errorf("apply: look for a certificate: %w", err)
	}
	if proven {
		w.proven = epoch
	}
	return proven, nil
}

// pardon takes updates and deletes out of the incidents. An update that lacks values stays one,
// since its row cannot be written.
func (w *writer) pardon(ctx context.Context, j *job) error {
	kept := j.incidents[:0]
	partial := map[incident]bool{}
	again := &job{epoch: j.epoch}
	for _, g := range j.missed {
		if !g.whole {
			for _, r := range g.rows {
				partial[incident{g.table.Qualified(), r.entry.key, kindUpdate, r.entry.lsn}] = true
			}
			continue
		}
		g.kind = writePut
		again.steps = append(again.steps, g.settleRows())
		if len(g.rows) >= manyRows {
			if err := w.writeMany(ctx, again, g); err != nil {
				return err
			}
		} else if len(g.rows) > 0 {
			again.writeFew(g)
		}
	}
	for _, i := range j.incidents {
		if i.kind == kindUnknown || partial[i] {
			i.kind = kindUnknown
			kept = append(kept, i)
		}
	}
	j.incidents = kept
	return w.run(ctx, again.steps)
}

// settleRows ends what is recorded of rows that are written whole.
func (g *group) settleRows() step {
	keys := make([]int64, len(g.rows))
	for i, r := range g.rows {
		keys[i] = r.entry.key
	}
	return step{settleSQL, [][]byte{int8Param(int64(g.province)), []byte(g.table.Qualified()), keyArray(keys)}, nil}
}

// record writes the incidents down. A key of which one is open already has its repair coming; the
// younger one counts, unless it says only that a row is not there. A row whose values are not known
// is none that was lost, whatever is changed of it meanwhile.
func (w *writer) record(ctx context.Context, j *job) error {
	if len(j.incidents) == 0 {
		return nil
	}
	var relations, kinds, lsns []string
	var keys []int64
	for _, i := range j.incidents {
		relations, keys = append(relations, i.relation), append(keys, i.key)
		kinds, lsns = append(kinds, i.kind), append(lsns, i.lsn.String())
	}
	_, err := w.conn.Exec(ctx, `INSERT INTO sync.divergence (province, relation, key, kind, epoch, lsn)
		SELECT DISTINCT ON (i.relation, i.key) $1::int2, i.relation, i.key, i.kind, $2::int8, i.lsn::pg_lsn
		FROM unnest($3::text[], $4::int8[], $5::text[], $6::text[]) i(relation, key, kind, lsn)
		ORDER BY i.relation, i.key, i.kind = 'delete'
		ON CONFLICT (province, relation, key) WHERE repaired_at IS NULL DO UPDATE
		SET kind = CASE sync.divergence.kind WHEN 'unknown' THEN 'unknown' ELSE EXCLUDED.kind END, epoch = EXCLUDED.epoch, lsn = EXCLUDED.lsn WHERE EXCLUDED.kind <> 'delete'`,
		w.province, j.epoch, relations, keys, kinds, lsns)
	if err != nil {
		return fmt.Errorf("apply: record divergences: %w", err)
	}
	return nil
}
