// Package capture reads a province's committed changes from its write-ahead log and publishes them
// to the stream on the province's leaf server.
//
// # State machine
//
// A Capture is a loop of sessions. A session
//
//	leads     takes the advisory lock of the province's database. Without it the process is a
//	          stand-by: it reads nothing, answers nothing, and tries again every second;
//	loads     reads sync.capture: epoch, incarnation, the last confirmed transaction C and the one
//	          before it;
//	settles   begins a new epoch if the log cannot be read on from C (below);
//	opens     the leaf's stream of the incarnation. If the stream is gone, ends before C, was cut,
//	          or a refill was asked for, the incarnation rises and the stream is made anew;
//	resumes   reads the stream's last message, whose last whole transaction is the tail T, and
//	          starts the slot at C. The first transaction that comes must be C, and C, T and what
//	          headquarters named in a refill must come with the chain that they had, or the log is
//	          another one (ErrOtherLog). What is not after T is skipped;
//	streams   packs whole transactions into messages, publishes each to follow the one before
//	          (expected last sequence), and confirms;
//	ends      with an error, and the next session begins after a pause that grows to a second.
//
// Any session may be cut off at any instruction: what counts is in the log, the stream and the row.
//
// # Epochs
//
// Log positions mean something within one epoch only. A new epoch begins by itself when
//
//   - none was begun yet, or beginning one was cut off;
//   - the slot is gone, was given up by PostgreSQL, or was moved by another reader;
//   - the log is another one, or ends before what was published or applied: the database was
//     restored from an image, to a point in time, or failed over to a stand-by that lagged;
//   - the log has rows in a shape that this release does not read, though the tables are right now;
//   - a refill is wanted from before the place where the log begins;
//   - leaf or headquarters know of a younger epoch: the row itself was restored.
//
// It is begun in steps, and whoever finds a step undone begins again with the first:
//
//	marked    the row says that an epoch is being begun, and why (begun_lsn is null);
//	dropped   the old slot is gone;
//	made      the new slot stands at its consistent point X; in the snapshot of X it was looked up
//	          whether selected rows existed;
//	begun     the row has the epoch's number, X, and links of zero. The number is higher than the
//	          row's, the leaf's and headquarters', and not below the seconds since 1970, since a
//	          restore may have taken all that is known here back.
//
// Then the stream is made, as for any incarnation, and everything committed from X on goes into it.
// Nothing is copied: headquarters brings both sides together by digest.
//
// # Invariants
//
//   - A transaction at or after C is decoded again, so the stream can always be made again from C
//     with an unbroken chain. C moves only to a transaction that the leaf has on disk and that
//     headquarters has applied (or that lies further back than Cap); it is written to
//     sync.capture before PostgreSQL is told, and PostgreSQL is told the start of C's commit record,
//     not its end: one transaction stays behind to be compared.
//   - Nothing is told to PostgreSQL by time alone. A quiet publication on a busy database moves the
//     slot by heartbeats, which are transactions like any other.
//   - The stream holds transactions in commit order without gaps. Message ids are not used: a batch
//     that was packed otherwise after a restart would pass for a duplicate.
//   - An update that says the same as the last one of its row is dropped if that is remembered; the
//     digest counts it, so what is remembered never shows in the chain.
//   - The goroutine that answers PostgreSQL never waits for NATS; only the packer does, and a
//     transaction larger than a message leaves in chunks, so memory stays bounded.
package capture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// Options is what a Capture needs.
type Options struct {
	Province  int16
	URL       string          // of the province's database, as jike_sync
	Pool      *pgxpool.Pool   // the same
	NATS      *nats.Conn      // to the leaf server
	Control   *stream.Control // the province's end; capture handles its calls there
	Tables    []replica.Table
	Limits    stream.Limits
	Heartbeat time.Duration // how often the clock is put into the log; 0: 10 s
	Cap       uint64        // bytes of log kept for headquarters at most; 0: 32 GiB
	// ResendRate is how many rows a second are sent again after a column was added; 0: 2,000.
	ResendRate int
	Log        *slog.Logger

	step func(string) error // for tests: see opening
}

// Status is what the board and the metrics show.
type Status struct {
	Connected       bool // a session streams
	Standby         bool // another process captures
	Epoch           int64
	Begun           wire.LSN // where the epoch began: the stream has what is committed from there on
	Reason          string   // why it began
	Existing        bool     // selected rows were there before it
	Incarnation     int64
	Head            wire.LSN // end of the log
	Published       wire.LSN // last transaction on the leaf's disk
	Applied         wire.LSN // last transaction that headquarters said it has applied
	LagBytes        uint64   // from Applied to Head
	LagSeconds      float64  // since Applied was the newest; 0 when nothing waits
	BacklogMessages uint64   // in the leaf's stream, not taken by the hub
	BacklogBytes    uint64
	Full            bool   // the leaf's stream refuses more
	TooSmall        bool   // and always will: all that it holds is a part of one transaction
	Budget          Budget // how long both stores go on holding what headquarters does not take
	Error           string // why the last session ended, while none streams
}

// Capture captures one province. Make it with New, then Run it.
type Capture struct {
	opts     Options
	tracker  tracker
	stored   atomic.Int64 // bytes that the leaf has stored, ever
	holding  atomic.Pointer[hold]
	barriers sync.Mutex
	beat     chan struct{} // asks for a heartbeat now
	wake     chan struct{} // asks for a status to PostgreSQL now
	doubt    chan wire.LSN // applied at headquarters, as it says, and behind the end of the log

	mu          sync.Mutex
	status      Status
	refill      bool                    // the next session begins a new incarnation
	named       wire.Link               // what headquarters has applied, as it said with the refill
	demand      *demand                 // the next session begins a new epoch
	lastEpoch   time.Time               // when this process began one; of the session's goroutine only
	fullSince   time.Time               // since when Full is what it is
	end         context.CancelCauseFunc // of the session that streams
	lastApplied wire.LSN                // at unapplied
	unapplied   time.Time               // since when something waits for headquarters
}

// New makes a Capture and registers what headquarters may ask of it.
func New(opts Options) (*Capture, error) {
	if opts.Heartbeat == 0 {
		opts.Heartbeat = 10 * time.Second
	}
	if opts.Cap == 0 {
		opts.Cap = 32 << 30
	}
	if opts.ResendRate == 0 {
		opts.ResendRate = 2000
	}
	if opts.step == nil {
		opts.step = func(string) error { return nil }
	}
	c := &Capture{opts: opts, beat: make(chan struct{}, 1), wake: make(chan struct{}, 1), doubt: make(chan wire.LSN, 1)}
	err := errors.Join(
		opts.Control.OnNotice(stream.NoticeApplied, c.onApplied),
		c.Handle(stream.CallHello, func(context.Context, []byte) ([]byte, error) { return json.Marshal(c.notice()) }),
		c.Handle(stream.CallRefill, c.onRefill),
		c.Handle(stream.CallRepair, c.onRepair),
	)
	return c, err
}

// errRefill ends a session so that the next begins a new incarnation.
var errRefill = errors.New("capture: headquarters asked for a refill")

// patience is the longest pause between sessions, publicationPatience while the publication is
// refused, which a person has to mend.
const (
	patience            = time.Second
	publicationPatience = 5 * time.Second
)

// Run captures until ctx ends, and then returns nil. Whatever ends a session is shown in Status, and
// tried again: what a person has to mend goes on by itself once it is mended.
func (c *Capture) Run(ctx context.Context) error {
	pause, last := 100*time.Millisecond, ""
	for ctx.Err() == nil {
		began := time.Now()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		c.ended(err)
		if text := fmt.Sprint(err); text != last {
			c.opts.Log.Warn("capture: session ended", "province", c.opts.Province, "error", err)
			last = text
		}
		switch {
		case time.Since(began) > 10*time.Second, errors.Is(err, errRefill), errors.Is(err, errNewEpoch), errors.Is(err, ErrOtherLog):
			pause = 100 * time.Millisecond
		case errors.Is(err, ErrPublication):
			pause = publicationPatience
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, patience)
	}
	return nil
}

// open opens the stream, with a new incarnation if the old one cannot go on, and finds its tail.
func (c *Capture) open(ctx context.Context, s *state) (*stream.Leaf, wire.Link, error) {
	id := stream.Identity{Province: c.opts.Province, Epoch: s.epoch, Incarnation: s.incarnation}
	fresh := c.takeRefill() || s.incarnation == 0
	if !fresh {
		exists, err := stream.LeafExists(ctx, c.opts.NATS, id)
		if err != nil {
			return nil, wire.Link{}, err
		}
		fresh = !exists
	}
	if !fresh {
		leaf, tail, err := c.resume(ctx, id, *s)
		if err == nil || !errors.Is(err, stream.ErrOvertaken) {
			return leaf, tail, err
		}
		c.opts.Log.Warn("capture: the stream cannot go on", "stream", id.Leaf(), "error", err)
	}
	if err := c.incarnate(ctx, s); err != nil {
		return nil, wire.Link{}, err
	}
	id.Incarnation = s.incarnation
	c.opts.Log.Info("capture: new incarnation", "stream", id.Leaf(), "after", s.previous.LSN.String())
	leaf, err := stream.OpenLeaf(ctx, c.opts.NATS, id, c.opts.Limits)
	if err != nil {
		return nil, wire.Link{}, err
	}
	return leaf, s.previous, leaf.KeepOnly(ctx)
}

// resume opens an existing stream. It returns ErrOvertaken when the stream does not continue the
// confirmed position.
func (c *Capture) resume(ctx context.Context, id stream.Identity, s state) (*stream.Leaf, wire.Link, error) {
	leaf, err := stream.OpenLeaf(ctx, c.opts.NATS, id, c.opts.Limits)
	if err != nil || leaf.Last() == 0 {
		return leaf, s.previous, err
	}
	data, err := leaf.Tail(ctx)
	if err != nil {
		return nil, wire.Link{}, err
	}
	m, err := wire.Decode(data)
	if err != nil {
		return nil, wire.Link{}, fmt.Errorf("%w: its last message: %w", stream.ErrOvertaken, err)
	}
	tail := m.End()
	if tail.LSN < s.previous.LSN {
		return nil, wire.Link{}, fmt.Errorf("%w: it ends at %s, confirmed was %s", stream.ErrOvertaken, tail.LSN, s.confirmed.LSN)
	}
	return leaf, tail, nil
}

func (c *Capture) takeRefill() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := c.refill
	c.refill = false
	return wanted
}

func (c *Capture) began(s state, end context.CancelCauseFunc) {
	c.mu.Lock()
	c.status.Connected, c.status.Error, c.status.Full, c.status.TooSmall = true, "", false, false
	c.status.Epoch, c.status.Incarnation = s.epoch, s.incarnation
	c.status.Begun, c.status.Reason, c.status.Existing = s.begun, s.reason, s.existing
	c.end = end
	c.mu.Unlock()
	c.opts.Log.Info("capture: streaming", "province", c.opts.Province, "epoch", s.epoch, "incarnation", s.incarnation,
		"after", s.previous.LSN.String(), "epoch_begun", s.begun.String(), "reason", s.reason, "rows_before", s.existing)
	c.announce()
}

func (c *Capture) ended(err error) {
	c.mu.Lock()
	c.status.Connected, c.end = false, nil
	if err != nil {
		c.status.Error = err.Error()
	}
	c.mu.Unlock()
	c.announce()
}

func (c *Capture) full(err error) {
	c.mu.Lock()
	changed := c.status.Full != (err != nil)
	c.status.Full = err != nil
	if changed {
		c.fullSince = time.Now()
	}
	c.mu.Unlock()
	if changed && err != nil {
		c.opts.Log.Error("capture: the leaf's stream is full, the log holds what follows", "province", c.opts.Province, "error", err)
	}
}

// tooSmallAfter is for how long a stream is full with nothing that headquarters could take before
// it is said to be too small. What headquarters has taken is purged within a second or two.
const tooSmallAfter = 5 * time.Second

// judge finds out whether the leaf's stream of so many bytes is smaller than one transaction.
func (c *Capture) judge(limit int64) {
	published, applied, _ := c.tracker.state()
	c.mu.Lock()
	small := c.status.Full && applied >= published && time.Since(c.fullSince) > tooSmallAfter
	changed := small && !c.status.TooSmall
	c.status.TooSmall = small
	c.mu.Unlock()
	if changed {
		c.opts.Log.Error("capture: the leaf's stream is smaller than one transaction, so nothing goes up: raise nats.max_bytes and start the node again",
			"province", c.opts.Province, "max_bytes", limit, "transaction_after", published.String())
	}
}

func (c *Capture) wakeStatus() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Capture) wakeHeartbeat() {
	select {
	case c.beat <- struct{}{}:
	default:
	}
}
