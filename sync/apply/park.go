package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jike/sync/wire"
)

// What may be parked. Beyond it the province is stopped: something is wrong here rather than with a
// row, or nobody could look through what was left out.
const (
	maxStains = 100_000   // keys of one transaction
	maxDirty  = 1_000_000 // keys of a province
	maxParked = 100       // transactions of a province that nobody has dealt with
)

// errLimit says that a transaction is refused and that more than that may not be parked.
var errLimit = errors.New("apply: refused, and not parked")

// stains are the keys that a transaction leaves dirty.
type stains struct {
	lsn       wire.LSN
	tables    []map[int64]stain
	truncated []bool
	changes   int64
	keys      int
	already   int // changes of keys that were dirty before
}

func (w *worker) newStains(lsn wire.LSN) *stains {
	n := len(w.a.targets)
	return &stains{lsn: lsn, tables: make([]map[int64]stain, n), truncated: make([]bool, n)}
}

// add takes a change that is not applied. A key that is dirty already only counts it, in f. It
// returns errLimit when there are too many keys.
func (s *stains) add(f *fold, c wire.Change) error {
	s.changes++
	if c.Op == wire.Heartbeat || c.Table >= len(f.piles) {
		return nil
	}
	p := &f.piles[c.Table]
	if c.Op == wire.Truncate {
		s.truncated[c.Table] = true
		clear(s.tables[c.Table])
		for key := range p.dirty {
			p.touch(key, stain{last: s.lsn, skipped: 1})
		}
		return nil
	}
	key := c.Key()
	if old, dirty := p.stained(key); dirty {
		p.touch(key, old.after(c, s.lsn))
		s.already++
		return nil
	}
	if s.tables[c.Table] == nil {
		s.tables[c.Table] = map[int64]stain{}
	}
	old, known := s.tables[c.Table][key]
	if !known {
		s.keys++
	}
	s.tables[c.Table][key] = old.after(c, s.lsn)
	if s.keys > maxStains {
		return fmt.Errorf("%w: transaction %s changes more than %d keys", errLimit, s.lsn, maxStains)
	}
	return nil
}

// park moves the position behind a transaction that cannot be applied, and makes its keys dirty.
func (w *worker) park(ctx context.Context, t transaction, why error) error {
	to := w.upTo(t, 0)
	if t.repairs() {
		return w.parkRepairs(ctx, t, to, why)
	}
	w.fold.reset()
	err := w.transact(ctx, to, nil, func() (int, error) {
		s := w.newStains(t.lsn)
		for _, changes := range t.changes {
			for _, c := range changes {
				if err := s.add(w.fold, c); err != nil {
					return 0, errors.Join(err, why)
				}
			}
		}
		return 0, w.savePark(ctx, to, s, why)
	})
	if err != nil {
		return err
	}
	return w.parked(ctx, to, 0, why)
}

// repairs reports whether the transaction brings nothing but current states of rows, which do not
// depend on each other.
func (t transaction) repairs() bool {
	for _, changes := range t.changes {
		for _, c := range changes {
			if c.Op != wire.Repair && c.Op != wire.Absent {
				return false
			}
		}
	}
	return true
}

// parkRepairs applies those repairs of a transaction that can be applied. The keys of the others
// become or stay dirty, and are not asked for again by themselves.
func (w *worker) parkRepairs(ctx context.Context, t transaction, to advance, why error) error {
	var all, refused []wire.Change
	for _, changes := range t.changes {
		all = append(all, changes...)
	}
	err := w.transact(ctx, to, nil, func() (int, error) {
		var err error
		if refused, err = w.sift(ctx, t.lsn, all); err != nil {
			return 0, err
		}
		w.fold.reset()
		s := w.newStains(t.lsn)
		for _, c := range refused {
			if err := s.add(w.fold, c); err != nil {
				return 0, errors.Join(err, why)
			}
		}
		return 0, w.savePark(ctx, to, s, why)
	})
	if err != nil {
		return err
	}
	return w.parked(ctx, to, len(all)-len(refused), why)
}

// sift applies changes that do not depend on each other and gives back those that are refused.
func (w *worker) sift(ctx context.Context, lsn wire.LSN, changes []wire.Change) ([]wire.Change, error) {
	err := savepoint(ctx, w.conn, func() error {
		w.fold.reset()
		if err := w.fold.all([][]wire.Change{changes}, lsn); err != nil {
			return err
		}
		_, err := w.writeFold(ctx)
		return err
	})
	switch {
	case !poison(err):
		return nil, err
	case len(changes) == 1:
		return changes, nil
	}
	middle := len(changes) / 2
	refused, err := w.sift(ctx, lsn, changes[:middle])
	if err != nil {
		return nil, err
	}
	more, err := w.sift(ctx, lsn, changes[middle:])
	return append(refused[:len(refused):len(refused)], more...), err
}

// savePark records what is parked.
func (w *worker) savePark(ctx context.Context, to advance, s *stains, why error) error {
	reason := why.Error()
	if len(reason) > 1000 {
		reason = reason[:1000]
	}
	if err := w.saveDirty(ctx, reason); err != nil {
		return err
	}
	if s.keys == 0 && !slices.Contains(s.truncated, true) && (s.changes == 0 || s.already > 0) {
		return nil // nothing is left out that is not dirty already
	}
	var open, dirty int
	if err := w.conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM sync.parked WHERE province = $1 AND outcome = 'open'),
		(SELECT count(*) FROM sync.dirty WHERE province = $1)`, w.a.opts.Province).Scan(&open, &dirty); err != nil {
		return fmt.Errorf("apply: count what is parked: %w", err)
	}
	if open >= maxParked || dirty+s.keys > maxDirty {
		return fmt.Errorf("%w: %d transactions with %d dirty keys are parked already: %w", errLimit, open, dirty, why)
	}
	var id int64
	err := w.conn.QueryRow(ctx, `INSERT INTO sync.parked (province, epoch, lsn, committed_at, reason, changes, keys)
		VALUES ($1, $2, $3::text::pg_lsn, $4, $5, $6, $7) RETURNING id`,
		w.a.opts.Province, to.to.epoch, s.lsn.String(), to.at, reason, s.changes, s.keys).Scan(&id)
	if err != nil {
		return fmt.Errorf("apply: park transaction %s: %w", s.lsn, err)
	}
	for i, g := range w.a.targets {
		if err := w.saveTable(ctx, id, g, s, i, reason); err != nil {
			return fmt.Errorf("apply: park transaction %s: %w", s.lsn, err)
		}
	}
	return nil
}

// saveTable makes keys of one table dirty. If the transaction emptied the table, all rows that are
// here are dirty, too: the province does not have them any more.
func (w *worker) saveTable(ctx context.Context, id int64, g *target, s *stains, i int, reason string) error {
	var keys []int64
	var presents []bool
	var refused []string
	for key, st := range s.tables[i] {
		keys, presents = append(keys, key), append(presents, st.present)
		text := ""
		if st.refused {
			text = reason
		}
		refused = append(refused, text)
	}
	if len(keys) > 0 {
		_, err := w.conn.Exec(ctx, `INSERT INTO sync.dirty (province, relation, key, parked, present, since_lsn, last_lsn, refused)
			SELECT $1, $2, k.key, $3, k.present, $4::text::pg_lsn, $4::text::pg_lsn, k.refused
			FROM unnest($5::int8[], $6::bool[], $7::text[]) k(key, present, refused)`,
			w.a.opts.Province, g.table.Qualified(), id, s.lsn.String(), keys, presents, refused)
		if err != nil {
			return err
		}
	}
	if !s.truncated[i] {
		return nil
	}
	tag, err := w.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO sync.dirty (province, relation, key, parked, present, since_lsn, last_lsn)
		SELECT $1, $2, %s, $3, false, $4::text::pg_lsn, $4::text::pg_lsn FROM %s LIMIT %d ON CONFLICT DO NOTHING`,
		g.names[g.key], g.partition, maxStains+1), w.a.opts.Province, g.table.Qualified(), id, s.lsn.String())
	if err != nil {
		return err
	}
	if s.keys += int(tag.RowsAffected()); s.keys > maxStains {
		return fmt.Errorf("%w: it empties a table with more than %d rows", errLimit, maxStains)
	}
	_, err = w.conn.Exec(ctx, `UPDATE sync.parked SET keys = $2 WHERE id = $1`, id, s.keys)
	return err
}

// parked goes on behind a transaction that was parked.
func (w *worker) parked(ctx context.Context, to advance, applied int, why error) error {
	w.a.opts.Log.Error("apply: transaction parked", "province", w.a.opts.Province, "transaction", to.to.link.LSN.String(), "error", why)
	err := w.loadDirty(ctx)
	w.committed(to, applied, 0)
	return err
}
