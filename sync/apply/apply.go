// Package apply writes what a province sends into headquarters' database, exactly once in effect:
// in commit order, each transaction whole, whatever dies in between.
//
// # The way of a row
//
// Capture packs committed transactions into messages (package wire) and the hub stores them
// (package stream). A session's receiver reads the hub's stream ahead into an inbox. The worker
// takes what waits there, decides for each transaction whether it follows (follow.go), folds all
// that do into the last state of every key (fold.go), and writes them in one transaction of
// headquarters' database, deletes first, then one statement per table and kind of change
// (write.go, target.go). A row's columns are forwarded as they came; its stamp says which
// transaction wrote it. The position is written in the same transaction (position.go). After the
// commit the province is told, so that it may forget.
//
// Beside that way lie: what an older province sends (layout.go), transactions that are cut into
// chunks (large.go), a batch that is refused (batch.go) and what becomes of the transaction that is
// the reason (park.go, dirty.go), and what a person does (operate.go, pause.go).
//
// # State machine
//
// An Apply is a loop of sessions, each with a database connection of its own. A session
//
//	leads     takes the province's advisory lock. Who does not get it is a stand-by and tries again
//	          every second: the lock goes with the leader's connection;
//	loads     makes the province's partitions and rows if they are missing, checks the tables, and
//	          reads the position: epoch, commit position, chain;
//	finds     the stream: from the province's notices or, while it is away, from what the hub
//	          already stores;
//	reads     after the remembered sequence if the stream is still the one that it belongs to, else
//	          from the beginning, where it finds its place by commit position;
//	ends      with an error, and the next session begins after a pause that grows to a second.
//
// What the board shows of a province:
//
//	waiting    nothing is known of its stream yet
//	joining    an epoch has begun of which nothing is applied yet: rows that were there before it
//	           are copied first, if none are here (package copy), while the hub keeps its stream
//	running    transactions are applied as they come
//	refilling  something is missing in front of what came. Nothing is skipped: the province is asked
//	           to send anew what follows the position, again and again, until it comes
//	stopped    what came cannot be read or written here (a newer schema or format, a table that is
//	           not what is replicated, more refused rows than may be parked). It is looked at again
//	           with every message and with every session, so it ends by itself when both sides agree
//	paused     a person stopped it, or is to look at what comes next; the hub keeps what comes
//
// # Invariants
//
//   - Rows and position are written in one transaction, which begins by moving the position from
//     where this process left it. Whoever finds it elsewhere starts over from what is there, so two
//     appliers never apply the same transaction twice even if the lock above failed.
//   - A transaction is applied only if its link follows the position's link. What is not above the
//     position was seen and is dropped; anything else is a gap.
//   - A transaction that comes in chunks is kept beside (in memory, then in sync.staged) until its
//     last chunk is there, and is then applied in one transaction. Position and sequence stay
//     before its first chunk, so after a crash it is collected anew.
//   - A transaction that the database or the tuple's form refuses is parked: recorded, its keys
//     made dirty, and the position moved on, all in one transaction. A change of a dirty key is
//     skipped and counted until the key's current state has come. Old changes are never done again.
//     What the connection, the server's space or a right is the reason for is never parked.
//   - A stream's sequence is a hint and worth something only together with the stream's key.
//   - Messages of an older epoch are refused. A younger one begins with its first transaction, the
//     one that follows the zero link. Until an epoch's first certificate that ends in equality an
//     UPDATE that meets no row inserts it and a DELETE that meets none is nothing: the rows that
//     were there before the epoch are not known to be here. Later both are divergences: recorded,
//     and the province is asked to send those keys' current state.
//
// # Down
//
// The same code applies headquarters' reference data in a province (package publish writes it): the
// tables are plain, the position is the province's own row, and what is missing is asked of
// headquarters. Such a stream holds nothing but whole states of rows, so that nothing in it can
// meet no row.
package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// Options is what an Apply needs.
type Options struct {
	Province int16
	Pool     *pgxpool.Pool   // the receiver's database, as jike_sync; a session and a barrier connect beside it
	NATS     *nats.Conn      // to the receiver's server, in the province's account
	Control  *stream.Control // the receiver's end; apply takes its notices there
	Tables   []replica.Table // as they are here
	Previous []replica.List  // of earlier releases, which the sender may still send
	Limits   stream.Limits
	Down     bool          // the other way: reference data of headquarters into the plain tables of a province
	Barrier  func(Arrival) // takes what is found at a barrier and closes it; nil: barriers are passed over
	Retry    time.Duration // how long a question to the province rests before it is asked again; 0: 5 s
	Spill    int           // bytes of one transaction's messages kept in memory; 0: 4 MiB
	// TruncateRows is how many rows of a table a truncate in the province may remove here without a
	// person's word; 0: as many as there are.
	TruncateRows int64
	// Join returns when the stream of an epoch may be applied, of which nothing was yet: after the
	// province's rows were copied that no stream holds. nil: at once.
	Join func(ctx context.Context, epoch int64) error
	Log  *slog.Logger
}

// Arrival is a barrier at headquarters: everything before Point is committed and visible to Tx,
// nothing else of the province is. Whoever takes it calls Close.
type Arrival struct {
	Barrier [16]byte
	Epoch   int64
	Point   wire.LSN
	Tx      pgx.Tx
	Close   func()
}

// State is what the board shows of a province.
type State string

// The states; see the package comment. Standby is shown by a process that another one leads.
const (
	Waiting   State = "waiting"
	Joining   State = "joining"
	Running   State = "running"
	Refilling State = "refilling"
	Stopped   State = "stopped"
	Paused    State = "paused"
	Standby   State = "standby"
)

// Status is what the board and the metrics show.
type Status struct {
	State        State
	Error        string // why it does not run, or why the last session ended
	Epoch        int64
	Incarnation  int64     // of the province's stream, the youngest heard of
	Applied      wire.LSN  // last transaction committed here
	Head         wire.LSN  // end of the province's log at the last notice
	LagBytes     uint64    // from Applied to Head
	Heard        time.Time // last notice from the province
	Heartbeat    time.Time // the province's clock in the last heartbeat applied
	Committed    time.Time // commit time of the last transaction applied
	Transactions int64     // applied by this process
	Rows         int64     // changes in them
	Conflicts    int64     // inserts that met a row and replaced it
	Divergences  int64     // changes that could not have their effect
	Health       Health
	Parked       int64 // transactions that were refused here and that nobody has dealt with
	Dirty        int64 // keys that those left unknown
}

// Apply applies one province. Make it with New, then Run it.
type Apply struct {
	opts    Options
	layouts map[wire.Hash]*layout // of the table lists that can be read here
	targets []*target
	board   chan struct{} // something changed that the board shows
	ask     chan struct{} // something is to be asked of the province
	tell    chan struct{} // something was committed
	turn    chan struct{} // paused or resumed
	taken   atomic.Uint64 // sequence up to which the session has dealt with the hub's stream

	mu       sync.Mutex
	status   Status
	heard    stream.CaptureNotice
	identity stream.Identity // youngest heard of
	news     chan struct{}   // closed when identity changes
	gap      *gap
	measured measured
	looked   time.Time // at the hub's room
}

// New makes an Apply and listens to the province's notices.
func New(opts Options) (*Apply, error) {
	if opts.Retry == 0 {
		opts.Retry = 5 * time.Second
	}
	if opts.Spill == 0 {
		opts.Spill = 4 << 20
	}
	a := &Apply{
		opts: opts, layouts: map[wire.Hash]*layout{replica.Hash(opts.Tables): {}}, status: Status{State: Waiting}, news: make(chan struct{}),
		board: make(chan struct{}, 1), ask: make(chan struct{}, 1), tell: make(chan struct{}, 1), turn: make(chan struct{}, 1),
	}
	for i, t := range opts.Tables {
		target, err := newTarget(opts.Province, opts.Down, i, t)
		if err != nil {
			return nil, err
		}
		a.targets = append(a.targets, target)
	}
	for _, old := range opts.Previous {
		l, err := newLayout(old.Tables, opts.Tables)
		if err != nil {
			return nil, fmt.Errorf("list %d: %w", old.Number, err)
		}
		a.layouts[replica.Hash(old.Tables)] = l
	}
	return a, opts.Control.OnNotice(stream.NoticeCapture, a.onCapture)
}

// Run applies until ctx ends. Whatever goes wrong is tried again.
func (a *Apply) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { a.keepAsking(ctx) })
	beside.Go(func() { a.keepTelling(ctx) })
	beside.Go(func() { a.keepBoard(ctx) })
	pause := firstPause
	for ctx.Err() == nil {
		before := a.Status().Transactions
		err := a.session(ctx)
		if ctx.Err() != nil {
			return
		}
		a.ended(err)
		if a.Status().Transactions > before || errors.Is(err, errMoved) || errors.Is(err, errEpoch) || errors.Is(err, errTurned) {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, time.Second)
	}
}

const firstPause = 100 * time.Millisecond

// Applied is how far the province's stream is committed here: what reconciliation wants to know.
func (a *Apply) Applied() (epoch int64, lsn wire.LSN) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status.Epoch, a.status.Applied
}

// Status describes the apply now.
func (a *Apply) Status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.status
	s.Head = a.heard.Head
	s.Incarnation = a.identity.Incarnation
	if s.Head > s.Applied {
		s.LagBytes = uint64(s.Head - s.Applied)
	}
	return s
}

// ended records why a session ended. What the database refuses for good stops the province; what
// a connection does is only logged.
func (a *Apply) ended(err error) {
	if refused(err) {
		a.setState(Stopped, err.Error())
	}
	a.opts.Log.Warn("apply: session ended", "province", a.opts.Province, "error", err)
}

func (a *Apply) setState(s State, why string) {
	a.mu.Lock()
	changed := a.status.State != s || a.status.Error != why
	was := a.status.State
	a.status.State, a.status.Error = s, why
	a.mu.Unlock()
	if !changed {
		return
	}
	poke(a.board)
	if s == Refilling || s == Stopped {
		a.opts.Log.Error(fmt.Sprintf("apply: %s", s), "province", a.opts.Province, "was", was, "error", why)
	} else {
		a.opts.Log.Info(fmt.Sprintf("apply: %s", s), "province", a.opts.Province, "was", was)
	}
}

// poke wakes whoever listens; a signal that waits already is enough.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
