// Package publish sends headquarters' reference data down to one province.
//
// # The way of a row
//
// A transaction that changes reference data raises the version in sync.master first, which makes
// such transactions wait for each other, and writes that version into every row that it touches.
// A Publisher reads in one snapshot the version V and the rows of its province (those for all, and
// those for it) that are younger than the version P of the last publication. They become one
// transaction on the wire (package wire) at the position V, which follows the one at P; one that is
// too large for a message is cut into chunks. The province so goes from the exact state at P to the
// exact state at V, never through half of one. The message goes into the province's own stream at
// the hub; its leaf server sources that stream, and package apply writes the rows and the position
// in one transaction of the province's database.
//
// No logical slot is used: the log of headquarters' database is mostly what the provinces sent,
// and every slot would decode all of it. Nothing is lost by that, since a row is never deleted and
// keeps the version of its last change.
//
// # State machine
//
// A Publisher is a loop of sessions. A session
//
//	compares  what the database knows of the stream with what the hub has and with what the province
//	          says that it has. Something younger than the database knows says that the database was
//	          restored: a new epoch begins, for all provinces;
//	begins    a new incarnation of the stream when the stream is gone, when its end is half of a
//	          transaction, when the province asks for a refill, or when it does not get what the
//	          stream says was delivered. It begins after a place that the province has;
//	publishes what is younger than the stream's end, and looks for more every second;
//	ends      with an error or because something has to begin, and the next session begins after a
//	          pause.
//
// # Invariants
//
//   - What is going to be published is written into sync.published before it is: a stream whose end
//     is not found there was written by a database that had seen more.
//   - An epoch's first transaction follows the zero link, empties the tables and holds every row:
//     nothing of an older epoch survives it, and no reader sees the tables empty.
//   - Each message is published to follow the one before, so a second publisher that runs by mistake
//     ends with an error and starts over from the stream's new end.
//   - Only rows whose column province is 0 or the province's own code are read for its stream.
package publish

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// Options is what a Publisher needs.
type Options struct {
	Province int16
	Pool     *pgxpool.Pool   // headquarters' database, as jike_sync
	NATS     *nats.Conn      // to the hub, in the province's account
	Control  *stream.Control // headquarters' end; the publisher takes the province's notices there
	Tables   []replica.Table // each with the columns province and version
	Limits   stream.Limits   // LeafBytes bounds the province's stream at the hub
	Patience time.Duration   // how long the province may lack what was delivered; 0: 10 s
	Log      *slog.Logger
}

// Status is what the board and the metrics show.
type Status struct {
	Epoch     int64
	Version   int64  // the newest change
	Published int64  // version at the stream's end
	Applied   int64  // version that the province said it has, in this epoch
	Error     string // why the last session ended, while none runs
	Heard     time.Time
}

// Publisher publishes to one province. Make it with New, then Run it.
type Publisher struct {
	opts   Options
	schema wire.Hash
	wake   chan struct{}

	mu       sync.Mutex
	status   Status
	identity stream.Identity
	applied  stream.AppliedNotice // what the province said last
	backlog  [2]uint64            // messages and bytes that its leaf server has not taken
	refill   *stream.RefillRequest
}

// New makes a Publisher and registers what the province may ask of it.
func New(opts Options) (*Publisher, error) {
	if opts.Patience == 0 {
		opts.Patience = 10 * time.Second
	}
	p := &Publisher{opts: opts, schema: replica.Hash(opts.Tables), wake: make(chan struct{}, 1)}
	err := errors.Join(
		opts.Control.OnNotice(stream.NoticeApplied, p.onApplied),
		opts.Control.Handle(stream.CallHello, func(context.Context, []byte) ([]byte, error) { return json.Marshal(p.notice()) }),
		opts.Control.Handle(stream.CallRefill, p.onRefill),
	)
	return p, err
}

// Run publishes until ctx ends. Whatever goes wrong is tried again.
func (p *Publisher) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := p.session(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case errors.Is(err, errBegin):
			p.opts.Log.Info("publish: begins anew", "province", p.opts.Province, "reason", err)
		default:
			p.failed(err)
			p.opts.Log.Warn("publish: session ended", "province", p.opts.Province, "error", err)
		}
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, lastPause)
	}
}

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// lookEvery is how often a session looks for a change, and the province is told where the stream is.
const lookEvery = time.Second

// errBegin ends a session so that the next begins something new; what follows says why.
var errBegin = errors.New("publish")

// Status describes the publisher now.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	if p.applied.Epoch == s.Epoch {
		s.Applied = int64(p.applied.LSN)
	}
	return s
}

func (p *Publisher) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Error = err.Error()
}

// notice is what the province's apply learns the stream from.
func (p *Publisher) notice() stream.CaptureNotice {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.identity
	id.Province = p.opts.Province
	return stream.CaptureNotice{
		Stream: id, Head: wire.LSN(p.status.Version), Published: wire.LSN(p.status.Published),
		BacklogMessages: p.backlog[0], BacklogBytes: p.backlog[1], Error: p.status.Error,
	}
}

// announce tells the province. A notice that is lost is followed by the next.
func (p *Publisher) announce() {
	data, err := json.Marshal(p.notice())
	if err != nil {
		p.opts.Log.Error("publish: notice", "error", err)
		return
	}
	_ = p.opts.Control.Notify(stream.NoticeCapture, data) // the next one follows in a second
}

func (p *Publisher) onApplied(data []byte) {
	var n stream.AppliedNotice
	if err := json.Unmarshal(data, &n); err != nil {
		return // not for us
	}
	p.mu.Lock()
	fresh := p.applied != n
	p.applied, p.status.Heard = n, time.Now()
	p.mu.Unlock()
	if fresh {
		p.poke()
	}
}

// onRefill takes the province's question for what follows the place where it is.
func (p *Publisher) onRefill(_ context.Context, request []byte) ([]byte, error) {
	var r stream.RefillRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Epoch < p.identity.Epoch || r.Epoch == p.identity.Epoch && r.Incarnation < p.identity.Incarnation {
		return nil, nil // under way already
	}
	p.refill = &r
	p.poke()
	return nil, nil
}

// poke wakes the session; a signal that waits already is enough.
func (p *Publisher) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
