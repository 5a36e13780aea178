package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// chunk keeps a chunk, or applies its transaction if it is the last.
func (w *worker) chunk(ctx context.Context, p wire.Part, how *layout, data []byte) error {
	l := w.pending
	l.layout = how
	l.next++
	if p.Last {
		if l.staged > 0 {
			return w.applyStaged(ctx, l, p)
		}
		w.pending = nil
		for _, kept := range l.kept {
			before, err := l.partOf(kept)
			if err != nil {
				return err
			}
			if err := w.add(before, how); err != nil {
				return err
			}
		}
		return w.add(p, how)
	}
	l.kept = append(l.kept, data)
	for _, c := range p.Changes {
		l.size += len(c.Data) // as it will lie in memory: messages are compressed
	}
	if l.size < w.a.opts.Spill {
		return nil
	}
	return w.spill(ctx, l)
}

// partOf finds the transaction's chunk in a message that was kept.
func (l *large) partOf(data []byte) (wire.Part, error) {
	m, err := wire.Decode(data)
	if err == nil {
		for _, p := range m.Parts {
			if p.LSN == l.lsn {
				return p, nil
			}
		}
		err = fmt.Errorf("no chunk of transaction %s in it", l.lsn)
	}
	return wire.Part{}, fmt.Errorf("apply: a kept message: %w", err)
}

// spill moves the kept chunks into sync.staged. They need not survive a crash: reading begins
// before the transaction's first chunk then, and the stage is emptied with it.
func (w *worker) spill(ctx context.Context, l *large) error {
	err := pgx.BeginFunc(ctx, w.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		if l.staged == 0 {
			if _, err := tx.Exec(ctx, `DELETE FROM sync.staged WHERE province = $1`, w.a.opts.Province); err != nil {
				return err
			}
		}
		b := &pgx.Batch{}
		for i, data := range l.kept {
			b.Queue(`INSERT INTO sync.staged (province, lsn, chunk, message) VALUES ($1, $2::text::pg_lsn, $3, $4)`,
				w.a.opts.Province, l.lsn.String(), int32(l.staged)+int32(i), data)
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return fmt.Errorf("apply: stage transaction %s: %w", l.lsn, err)
	}
	l.staged += uint32(len(l.kept))
	l.kept, l.size = nil, 0
	return nil
}

// applyStaged applies a transaction whose chunks lie in sync.staged, all of it in one transaction
// and a fold at a time, so that memory stays bounded and nobody sees a half.
func (w *worker) applyStaged(ctx context.Context, l *large, last wire.Part) error {
	if err := w.commit(ctx); err != nil { // while it is pending: after a failure its chunks are read again
		return err
	}
	w.pending = nil
	w.at.link = w.at.link.Next(last.LSN, last.Digest)
	to := advance{to: w.at, sequence: w.sequence(), at: last.Time, count: 1}
	var changes, conflicts, incidents int
	err := w.transact(ctx, to, nil, func() (int, error) {
		flush := func() error {
			j, err := w.writeFold(ctx)
			if err != nil {
				return err
			}
			changes, conflicts, incidents = changes+w.fold.changes, conflicts+j.conflicts, incidents+len(j.incidents)
			heartbeat := w.fold.heartbeat
			w.fold.reset()
			w.fold.heartbeat = heartbeat
			return nil
		}
		err := w.each(ctx, l, last, func(p wire.Part) error {
			if err := w.fold.all([][]wire.Change{p.Changes}, p.LSN); err != nil || w.fold.changes < batchChanges {
				return err
			}
			return flush()
		})
		if err == nil {
			err = flush()
		}
		return conflicts, err
	})
	if poison(err) {
		return w.parkStaged(ctx, l, last, to, err)
	}
	if err != nil {
		return err
	}
	w.a.noticeIncidents(incidents)
	w.committed(to, changes, conflicts)
	return nil
}

// parkStaged parks a transaction whose chunks lie in sync.staged.
func (w *worker) parkStaged(ctx context.Context, l *large, last wire.Part, to advance, why error) error {
	w.fold.reset()
	to.count = 0
	if err := w.loadDirty(ctx); err != nil { // the attempt may have changed them
		return err
	}
	err := w.transact(ctx, to, nil, func() (int, error) {
		s := w.newStains(l.lsn)
		err := w.each(ctx, l, last, func(p wire.Part) error {
			for _, c := range p.Changes {
				if err := s.add(w.fold, c); err != nil {
					return errors.Join(err, why)
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		return 0, w.savePark(ctx, to, s, why)
	})
	if err != nil {
		return err
	}
	return w.parked(ctx, to, 0, why)
}

// each reads the chunks of a staged transaction one after the other, and removes them.
func (w *worker) each(ctx context.Context, l *large, last wire.Part, take func(wire.Part) error) error {
	var joiner wire.Joiner
	read := func(p wire.Part) (err error) {
		if p.Changes, err = joiner.All(p.Changes); err != nil {
			return fmt.Errorf("apply: transaction %s: %s", p.LSN, err.Error())
		}
		p.Changes = l.layout.read(p.Changes)
		return take(p)
	}
	for chunk := range last.Chunk {
		p, err := w.staged(ctx, l, chunk)
		if err == nil {
			err = read(p)
		}
		if err != nil {
			return err
		}
	}
	if err := read(last); err != nil {
		return err
	}
	if _, err := w.conn.Exec(ctx, `DELETE FROM sync.staged WHERE province = $1`, w.a.opts.Province); err != nil {
		return fmt.Errorf("apply: empty the stage: %w", err)
	}
	return nil
}

// staged reads one chunk back, from the table or from what was not spilled yet.
func (w *worker) staged(ctx context.Context, l *large, chunk uint32) (wire.Part, error) {
	if chunk >= l.staged {
		return l.partOf(l.kept[chunk-l.staged])
	}
	var data []byte
	err := w.conn.QueryRow(ctx, `SELECT message FROM sync.staged WHERE province = $1 AND lsn = $2::text::pg_lsn AND chunk = $3`,
		w.a.opts.Province, l.lsn.String(), int32(chunk)).Scan(&data)
	if err != nil {
		return wire.Part{}, fmt.Errorf("apply: read staged chunk %d of %s: %w", chunk, l.lsn, err)
	}
	return l.partOf(data)
}
