package apply

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"jike/sync/wire"
)

// transaction is one that was taken whole and is not committed here yet.
type transaction struct {
	lsn     wire.LSN
	at      time.Time
	after   wire.Link
	changes [][]wire.Change // of its chunks
}

// advance is what committing moves the position by.
type advance struct {
	to       cursor
	sequence uint64
	at       time.Time // of the last transaction
	count    int       // transactions
}

// commit writes what was taken, if it was anything. A batch that the database refuses is applied
// again in parts, until what cannot be applied stands alone and is parked.
func (w *worker) commit(ctx context.Context) error {
	if w.at == w.stored {
		return nil
	}
	err := w.spoiled
	if err == nil {
		to := advance{to: w.at, sequence: w.sequence(), count: len(w.batch)}
		if to.count > 0 {
			to.at = w.batch[to.count-1].at
		}
		err = w.write(ctx, to)
	}
	if poison(err) && len(w.batch) > 0 {
		w.a.opts.Log.Warn("apply: a batch is refused, looking for the transaction", "province", w.a.opts.Province,
			"transactions", len(w.batch), "error", err)
		err = w.isolate(ctx, w.batch, err)
	}
	if err != nil {
		return err
	}
	clear(w.batch) // lets go of the messages
	w.batch, w.bytes, w.spoiled = w.batch[:0], 0, nil
	return nil
}

// isolate applies transactions that were refused together, in halves, and parks the one that is
// refused alone.
func (w *worker) isolate(ctx context.Context, batch []transaction, why error) error {
	if err := w.loadDirty(ctx); err != nil { // the attempt may have changed them
		return err
	}
	if len(batch) == 1 {
		return w.park(ctx, batch[0], why)
	}
	middle := len(batch) / 2
	for _, half := range [][]transaction{batch[:middle], batch[middle:]} {
		err := w.again(ctx, half)
		if poison(err) {
			err = w.isolate(ctx, half, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// again applies a part of the batch.
func (w *worker) again(ctx context.Context, batch []transaction) error {
	w.fold.reset()
	for _, t := range batch {
		if err := w.fold.all(t.changes, t.lsn); err != nil {
			return err
		}
	}
	last := batch[len(batch)-1]
	return w.write(ctx, w.upTo(last, len(batch)))
}

// upTo is the advance to a transaction of the batch. The sequence stays where it was as long as
// parts of the batch wait: they are found by their positions.
func (w *worker) upTo(t transaction, count int) advance {
	to := advance{to: cursor{epoch: w.at.epoch, link: t.after}, sequence: w.saved, at: t.at, count: count}
	if to.to == w.at {
		to.sequence = w.sequence()
	}
	return to
}

// write commits the fold with its position.
func (w *worker) write(ctx context.Context, to advance) error {
	j, err := w.writer.plan(w.at.epoch, w.fold)
	if err != nil {
		return err
	}
	err = w.transact(ctx, to, j.steps, func() (int, error) {
		err := w.finish(ctx, j)
		return j.conflicts, err
	})
	if err != nil {
		return err
	}
	w.a.noticeIncidents(len(j.incidents))
	w.committed(to, w.fold.changes, j.conflicts)
	return nil
}

// writeFold writes the fold's rows and what it made of dirty keys.
func (w *worker) writeFold(ctx context.Context) (*job, error) {
	j, err := w.writer.plan(w.at.epoch, w.fold)
	if err == nil {
		err = w.writer.run(ctx, j.steps)
	}
	if err == nil {
		err = w.finish(ctx, j)
	}
	return j, err
}

// finish does what is left of a job once its steps are done.
func (w *worker) finish(ctx context.Context, j *job) error {
	if err := w.writer.finish(ctx, j); err != nil {
		return err
	}
	return w.saveDirty(ctx, "")
}

// committed tells everybody and makes room.
func (w *worker) committed(to advance, changes, conflicts int) {
	w.stored, w.saved = to.to, to.sequence
	w.a.progressed(w.stored, to.at, w.fold.heartbeat, to.count, changes, conflicts)
	w.fold.reset()
}

// poison reports whether an error is of the rows that were to be written, and not of the
// connection, the server, its space, or a table that is not what is replicated.
func poison(err error) bool {
	if errors.Is(err, errPoison) || errors.Is(err, errChange) {
		return true
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) || len(server.Code) != 5 || server.Severity != "ERROR" {
		return false
	}
	switch server.Code[:2] {
	case "22", "23", "54": // data, constraint, limit
		return true
	}
	return server.Code == "P0001" || // raised by a trigger
		server.Code == "08P01" // a binary value that ends early
}
