package apply

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// A key is dirty while its row here is not what the province has, because a change of it could not
// be applied. Changes of a dirty key are skipped and counted; its current state (wire.Repair, or
// wire.Absent if there is none) makes it clean, and so does a truncate of its table.

// stain is what is known of a dirty key.
type stain struct {
	last    wire.LSN // of the last change that was skipped
	present bool     // whether the province has the row, after that change
	skipped int64    // by this fold
	clean   bool     // not dirty any more
	refused bool     // its current state came and cannot be written either
}

// after is the stain of a key once c is not applied.
func (s stain) after(c wire.Change, lsn wire.LSN) stain {
	s.last = lsn
	s.present = c.Op != wire.Delete && c.Op != wire.Absent
	s.refused = c.Op == wire.Repair || c.Op == wire.Absent
	if !s.refused {
		s.skipped++
	}
	return s
}

// stained looks for a key among the dirty ones, as this fold leaves it.
func (p *pile) stained(key int64) (stain, bool) {
	if p.truncated {
		return stain{}, false
	}
	s, ok := p.touched[key]
	if !ok {
		s, ok = p.dirty[key]
	}
	return s, ok && !s.clean
}

// pass decides what becomes of a change whose key may be dirty: skip it, or let it make the key clean.
//
// An absence without a position was read while a commit that the reader could not see yet might
// already have been in front of it. The stream itself knows better: the key is absent if the last
// change of it, skipped or not, was its deletion.
func (p *pile) pass(c wire.Change, lsn wire.LSN) (skip, cleans bool) {
	s, dirty := p.stained(c.Key())
	if !dirty {
		return false, false
	}
	switch {
	case c.Op == wire.Repair, c.Op == wire.Absent && (!s.present || s.last < c.Before()):
		s.clean = true
	case c.Op == wire.Absent:
	default:
		s = s.after(c, lsn)
	}
	p.touch(c.Key(), s)
	return !s.clean, s.clean
}

func (p *pile) touch(key int64, s stain) {
	if p.touched == nil {
		p.touched = map[int64]stain{}
	}
	p.touched[key] = s
}

// loadDirty reads the dirty keys into the fold.
func (w *worker) loadDirty(ctx context.Context) error {
	at := map[string]int{}
	for i, g := range w.a.targets {
		at[g.table.Qualified()] = i
		w.fold.piles[i].dirty = nil
	}
	rows, err := w.conn.Query(ctx, `SELECT relation, key, (last_lsn - '0/0')::int8, present FROM sync.dirty WHERE province = $1`, w.a.opts.Province)
	if err != nil {
		return fmt.Errorf("apply: read dirty keys: %w", err)
	}
	var relation string
	var key, last int64
	var present bool
	_, err = pgx.ForEachRow(rows, []any{&relation, &key, &last, &present}, func() error {
		i, ok := at[relation]
		if !ok {
			return nil // not replicated any more
		}
		p := &w.fold.piles[i]
		if p.dirty == nil {
			p.dirty = map[int64]stain{}
		}
		p.dirty[key] = stain{last: wire.LSN(last), present: present}
		return nil
	})
	if err != nil {
		return fmt.Errorf("apply: read dirty keys: %w", err)
	}
	return w.countParked(ctx)
}

// forgetLast begins an epoch: what the stream told of dirty keys is of another history.
func (w *worker) forgetLast(ctx context.Context) error {
	if _, err := w.conn.Exec(ctx, `UPDATE sync.dirty SET last_lsn = '0/0', present = false WHERE province = $1`, w.a.opts.Province); err != nil {
		return fmt.Errorf("apply: dirty keys: %w", err)
	}
	return w.loadDirty(ctx)
}

// countParked brings the board's counts up to date.
func (w *worker) countParked(ctx context.Context) error {
	rows, err := w.conn.Query(ctx, `SELECT (SELECT count(*) FROM sync.parked WHERE province = $1 AND outcome = 'open'),
		(SELECT count(*) FROM sync.dirty WHERE province = $1)`, w.a.opts.Province)
	if err != nil {
		return fmt.Errorf("apply: count parked transactions: %w", err)
	}
	counts, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[struct{ Parked, Dirty int64 }])
	if err != nil {
		return fmt.Errorf("apply: count parked transactions: %w", err)
	}
	w.a.mu.Lock()
	w.a.status.Parked, w.a.status.Dirty = counts.Parked, counts.Dirty
	w.a.mu.Unlock()
	return nil
}

// saveDirty writes what the fold made of dirty keys, and remembers it as if it were committed: who
// goes on after a failure reads them anew. reason is why current states were refused, if some were.
func (w *worker) saveDirty(ctx context.Context, reason string) error {
	cleaned := false
	for i := range w.fold.piles {
		p, relation := &w.fold.piles[i], w.a.targets[i].table.Qualified()
		if p.truncated && len(p.dirty) > 0 {
			cleaned = true
			if _, err := w.conn.Exec(ctx, `DELETE FROM sync.dirty WHERE province = $1 AND relation = $2`, w.a.opts.Province, relation); err != nil {
				return fmt.Errorf("apply: dirty keys: %w", err)
			}
			p.dirty = nil
		} else if len(p.touched) > 0 {
			clean, err := w.saveStains(ctx, relation, p, reason)
			if err != nil {
				return fmt.Errorf("apply: dirty keys: %w", err)
			}
			cleaned = cleaned || clean
		}
		p.touched = nil
	}
	if !cleaned {
		return nil
	}
	_, err := w.conn.Exec(ctx, `UPDATE sync.parked p SET outcome = 'repaired', ended_at = now()
		WHERE province = $1 AND outcome = 'open' AND keys > 0 AND NOT EXISTS (SELECT FROM sync.dirty WHERE parked = p.id)`, w.a.opts.Province)
	if err != nil {
		return fmt.Errorf("apply: end parked transactions: %w", err)
	}
	return w.countParked(ctx)
}

// saveStains writes the dirty keys of one table that the fold touched. It reports whether some are
// clean now.
func (w *worker) saveStains(ctx context.Context, relation string, p *pile, reason string) (bool, error) {
	var clean, keys, skipped []int64
	var lasts []string
	var presents, refused []bool
	for key, s := range p.touched {
		if s.clean {
			clean = append(clean, key)
			delete(p.dirty, key)
			continue
		}
		keys, skipped, lasts = append(keys, key), append(skipped, s.skipped), append(lasts, s.last.String())
		presents, refused = append(presents, s.present), append(refused, s.refused)
		p.dirty[key] = stain{last: s.last, present: s.present}
	}
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM sync.dirty WHERE province = $1 AND relation = $2 AND key = ANY ($3)`, w.a.opts.Province, relation, clean)
	b.Queue(`UPDATE sync.dirty d SET skipped = d.skipped + s.skipped, last_lsn = s.last::pg_lsn, present = s.present,
		wanted = d.wanted AND NOT s.refused, refused = CASE WHEN s.refused THEN $8 ELSE d.refused END
		FROM unnest($3::int8[], $4::int8[], $5::text[], $6::bool[], $7::bool[]) s(key, skipped, last, present, refused)
		WHERE d.province = $1 AND d.relation = $2 AND d.key = s.key`, w.a.opts.Province, relation, keys, skipped, lasts, presents, refused, reason)
	return len(clean) > 0, w.conn.SendBatch(ctx, b).Close()
}

// DirtyAmong gives those of a table's keys whose state here is not known since a transaction was
// parked: reconciliation tells their differences apart.
func DirtyAmong(ctx context.Context, tx pgx.Tx, province int16, relation string, keys []int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `SELECT key FROM sync.dirty WHERE province = $1 AND relation = $2 AND key = ANY ($3)`, province, relation, keys)
	if err != nil {
		return nil, fmt.Errorf("apply: dirty keys: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
