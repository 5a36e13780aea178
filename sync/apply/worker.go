package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/sync/stream"
	"jike/sync/wire"
)

// A batch is committed when it has this many changes, or bytes of them as they lie in memory, or when
// nothing waits.
const (
	batchChanges = 20_000
	batchBytes   = 6 << 20
)

var (
	// errRefused marks what came and cannot be read here until one of both sides changes.
	errRefused = errors.New("apply: cannot be taken here")
	// errPoison marks a transaction that no capture of this format writes.
	errPoison = errors.New("apply: the transaction cannot be applied")
)

// worker applies what a session reads. Only its own goroutine touches it.
type worker struct {
	a       *Apply
	conn    *pgx.Conn
	writer  *writer
	stream  string // key of the hub's stream
	stored  cursor // what is committed
	at      cursor // what is taken: stored and the fold
	read    uint64 // sequence of the last message taken
	saved   uint64 // sequence remembered with stored
	batch   []transaction
	fold    *fold // of the batch
	spoiled error // why the batch could not be folded
	bytes   int   // of the changes in the batch
	pending *large
	joiner  wire.Joiner // of the transaction that is taken
	dirty   int64       // version of the dirty keys in the fold
	last    int64       // incarnation of the last message read
}

// run applies messages until inbox is closed, ctx ends or something fails.
func (w *worker) run(ctx context.Context, inbox <-chan stream.Message) error {
	for {
		select {
		case m, ok := <-inbox:
			if !ok {
				return nil
			}
			if err := w.gather(ctx, m, inbox); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather takes a message and all that wait behind it, up to the size of a batch, and commits.
func (w *worker) gather(ctx context.Context, m stream.Message, inbox <-chan stream.Message) error {
	for more := true; more; {
		if err := w.take(ctx, m); err != nil {
			return err
		}
		if w.fold.changes >= batchChanges || w.bytes >= batchBytes {
			break
		}
		select {
		case m, more = <-inbox:
		default:
			more = false
		}
	}
	if err := w.commit(ctx); err != nil {
		return err
	}
	w.a.taken.Store(w.read)
	return nil
}

// take reads one message. What does not follow is remembered as a gap and otherwise passed over.
func (w *worker) take(ctx context.Context, raw stream.Message) error {
	m, err := wire.Decode(raw.Data)
	if err == nil && m.Province != w.a.opts.Province {
		err = fmt.Errorf("%w: it is of province %d", wire.ErrCorrupt, m.Province)
	}
	if errors.Is(err, wire.ErrVersion) {
		w.a.setState(Stopped, err.Error())
		return w.passed(ctx, raw)
	}
	if err == nil {
		w.last = m.Incarnation
		err = w.follow(ctx, m, raw)
	}
	switch {
	case err == nil:
		w.read = raw.Sequence
		return nil
	case errors.Is(err, errOldEpoch):
		w.a.opts.Log.Debug("apply: passed over", "province", w.a.opts.Province, "sequence", raw.Sequence, "reason", err)
	case errors.Is(err, errGap), errors.Is(err, wire.ErrCorrupt):
		w.missing(raw, m, err)
	case errors.Is(err, errRefused):
		w.a.setState(Stopped, err.Error())
	default:
		return err
	}
	return w.passed(ctx, raw)
}

// passed counts a message as read that was not taken, after what was taken before it is committed:
// the sequence must not be remembered together with a message that may be wanted again.
func (w *worker) passed(ctx context.Context, raw stream.Message) error {
	err := w.commit(ctx)
	w.read = raw.Sequence
	return err
}

// missing asks the province for what follows the position.
func (w *worker) missing(raw stream.Message, m *wire.Message, why error) {
	w.pending = nil
	from := w.at
	if m != nil && m.Epoch > from.epoch {
		from = cursor{epoch: m.Epoch}
	}
	incarnation := w.last
	if incarnation == 0 {
		incarnation = w.a.youngest().Incarnation
	}
	w.a.setGap(&gap{from: from, incarnation: incarnation}, fmt.Sprintf("message %d: %v", raw.Sequence, why))
}

// follow takes the parts of a message that were not seen yet.
func (w *worker) follow(ctx context.Context, m *wire.Message, raw stream.Message) error {
	start, err := w.at.start(m)
	if err != nil {
		return err
	}
	if m.Barrier != nil {
		passed, err := start.passed(m.Prev)
		if err != nil && w.a.layouts[m.Schema] == nil {
			return w.a.otherSchema(m)
		}
		if passed || err != nil {
			return err
		}
		return w.barrier(ctx, start, *m.Barrier)
	}
	parts, err := start.unseen(m)
	if err == nil && len(parts) == 0 {
		return nil
	}
	l := w.a.layouts[m.Schema]
	if l == nil {
		return w.a.otherSchema(m) // also if it does not follow: what is missing came and could not be read
	}
	if err != nil {
		return err
	}
	if err := w.enter(ctx, start); err != nil {
		return err
	}
	for _, p := range parts {
		if err := w.holdTruncate(ctx, p, l); err != nil {
			return err
		}
		if err := w.part(ctx, p, l, raw); err != nil {
			return err
		}
	}
	return nil
}

// enter begins a new epoch: rows carry the epoch in their stamp, so no batch spans two.
func (w *worker) enter(ctx context.Context, start cursor) error {
	if start.epoch == w.at.epoch {
		return nil
	}
	if err := w.commit(ctx); err != nil {
		return err
	}
	w.a.opts.Log.Info("apply: new epoch", "province", w.a.opts.Province, "epoch", start.epoch, "before", w.at.epoch)
	w.at, w.pending = start, nil
	return w.forgetLast(ctx)
}

// part takes a whole transaction or a chunk.
func (w *worker) part(ctx context.Context, p wire.Part, l *layout, raw stream.Message) error {
	if p.Chunk == 0 && p.Last {
		if w.pending != nil && p.LSN != w.pending.lsn {
			return fmt.Errorf("%w: the rest of transaction %s", errGap, w.pending.lsn)
		}
		w.pending = nil
		return w.add(p, l)
	}
	if p.Chunk == 0 {
		w.pending = &large{lsn: p.LSN, first: raw.Sequence}
	}
	if !w.pending.follows(p) {
		return fmt.Errorf("%w: chunk %d of transaction %s does not follow", errGap, p.Chunk, p.LSN)
	}
	return w.chunk(ctx, p, l, raw.Data)
}

// add takes a transaction, or the next chunk of one, into the batch.
func (w *worker) add(p wire.Part, l *layout) error {
	if p.Chunk == 0 {
		w.batch = append(w.batch, transaction{lsn: p.LSN, at: p.Time})
		w.joiner = wire.Joiner{}
	}
	changes, err := w.joiner.All(p.Changes)
	if err != nil { // its content was checked: the province has sent what makes no sense
		return fmt.Errorf("apply: transaction %s: %s", p.LSN, err.Error())
	}
	for _, c := range changes {
		w.bytes += len(c.Data)
	}
	t := &w.batch[len(w.batch)-1]
	t.changes = append(t.changes, l.read(changes))
	if w.spoiled == nil {
		w.spoiled = w.fold.all(t.changes[len(t.changes)-1:], p.LSN)
	}
	if p.Last {
		w.at.link = w.at.link.Next(p.LSN, p.Digest)
		t.after = w.at.link
	}
	return nil
}

// sequence is where reading goes on after a crash: behind what was read, but before a transaction
// of which only chunks were.
func (w *worker) sequence() uint64 {
	if w.pending != nil {
		return w.pending.first - 1
	}
	return w.read
}
