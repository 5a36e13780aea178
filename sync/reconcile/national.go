package reconcile

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/fault"
	"jike/schemas/replica"
)

// Site is one province as headquarters reaches it.
type Site struct {
	Province int16
	// Call sends a request to the province and waits for its answer. It fails at once if the
	// province does not listen.
	Call func(ctx context.Context, operation string, request []byte) ([]byte, error)
	// Applied is how far the province's stream is applied.
	Applied func() (epoch int64, point LSN)
	// Running says whether the stream is being applied as it comes. With it, a run begins by itself in
	// an epoch in which nothing is proved yet; nil: runs begin by schedule and on demand only.
	Running  func() bool
	Schedule string // five-field cron expression or @every, read in Zone; empty: on demand only
	Zone     string // IANA name, such as Asia/Shanghai; empty: UTC
}

// NationalOptions is what headquarters' side of reconciliation needs. Durations of 0 stand for
// the defaults that are named.
type NationalOptions struct {
	Pool   *pgxpool.Pool // as jike_sync
	Tables []replica.Table
	// Previous are the lists of earlier releases that provinces may still have.
	Previous []replica.List
	Key      ed25519.PrivateKey
	Version  string // of this program
	Log      *slog.Logger

	// Parallel is how many runs that nobody waits for go on at once; the others queue; 4.
	Parallel int
	// RowsPerSecond bounds how fast one run compares; 0: as fast as both sides can.
	RowsPerSecond int
	// Dirty gives those of the keys that apply skips since it had to park a change of theirs. It is
	// asked inside headquarters' snapshot. nil: there are none.
	Dirty func(ctx context.Context, tx pgx.Tx, province int16, table string, keys []int64) ([]int64, error)
	// Ended is told of every run that has ended; again says that it is repeated by itself. It must
	// not block for long. nil: nobody is told.
	Ended func(r Run, again bool)

	CallTimeout     time.Duration // one request; 30 s
	SnapshotTimeout time.Duration // the province makes its snapshot, which waits for open transactions; 10 min
	ArrivalTimeout  time.Duration // the barrier comes through the stream, behind the backlog; 30 min
	Patience        time.Duration // the province may be silent during a run, whose snapshot it keeps; 90 s
	RetryAfter      time.Duration // a failed run that nobody waits for is repeated; 10 min
	EpochAfter      time.Duration // the same for one that a new epoch waits for; 30 s
	Retries         int           // so many times; 6
	Look            time.Duration // between looks for an epoch that is not proved; 5 s
}

func (o NationalOptions) withDefaults() NationalOptions {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.CallTimeout, 30 * time.Second},
		{&o.SnapshotTimeout, 10 * time.Minute},
		{&o.ArrivalTimeout, 30 * time.Minute},
		{&o.RetryAfter, 10 * time.Minute},
		{&o.EpochAfter, 30 * time.Second},
		{&o.Patience, 90 * time.Second},
		{&o.Look, 5 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.Retries == 0 {
		o.Retries = 6
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	return o
}

// National drives the runs of all provinces.
type National struct {
	opts   NationalOptions
	schema [32]byte
	store  nationalStore
	ctx    context.Context // of all runs: ends with Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	turns  chan struct{} // one for each run in the background that may go on

	beginning sync.Mutex // held from the look for a run that is going on until it is in live

	mu       sync.Mutex
	sites    map[int16]Site
	expected map[uuid.UUID]chan Arrival
	live     map[int64]*live
	cut      map[int16]Request // runs that the node's last stop cut off: they are repeated
	closed   bool
}

// Arrival is a barrier at the national side: everything before it is committed, nothing after it
// is visible to Tx. Who receives it closes it.
type Arrival struct {
	Barrier uuid.UUID
	Epoch   int64
	Point   LSN
	Tx      pgx.Tx
	Close   func()
}

// OpenNational makes headquarters' side. Runs that an earlier process left unfinished are ended
// as failed, and are repeated as soon as their province is added.
func OpenNational(ctx context.Context, opts NationalOptions) (*National, error) {
	n := &National{
		opts: opts.withDefaults(), schema: replica.Hash(opts.Tables), store: nationalStore{opts.Pool},
		sites: map[int16]Site{}, expected: map[uuid.UUID]chan Arrival{}, live: map[int64]*live{},
	}
	n.turns = make(chan struct{}, n.opts.Parallel)
	err := n.store.failUnfinished(ctx)
	if err == nil {
		n.cut, err = n.store.interrupted(ctx)
	}
	if err != nil {
		return nil, err
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// AddSite makes a province known, starts its schedule, repeats a run that the node's last stop cut
// off, and begins to look for epochs in which nothing is proved. It fails for an unknown time zone or a
// schedule that cannot be read.
func (n *National) AddSite(s Site) error {
	schedule, err := parseSchedule(s.Schedule, s.Zone)
	if err != nil {
		return fmt.Errorf("reconciliation of province %d: %w", s.Province, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sites[s.Province] = s
	if n.closed {
		return nil
	}
	if schedule != nil {
		n.tasks.Go(func() { n.keepSchedule(s.Province, schedule) })
	}
	if req, ok := n.cut[s.Province]; ok {
		delete(n.cut, s.Province)
		n.tasks.Go(func() { n.persist(req, n.opts.RetryAfter) })
	}
	if s.Running != nil {
		n.tasks.Go(func() { n.keepProving(s) })
	}
	return nil
}

// Close ends all runs as failed and waits until that is recorded.
func (n *National) Close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.tasks.Wait()
}

// Barrier takes what apply found at a barrier. One that no run waits for (any more) is closed.
func (n *National) Barrier(a Arrival) {
	n.mu.Lock()
	waiting := n.expected[a.Barrier]
	delete(n.expected, a.Barrier)
	if waiting != nil {
		waiting <- a // has room for the one; under the lock, so that forget finds it
	}
	n.mu.Unlock()
	if waiting == nil {
		a.Close()
	}
}

// expect announces a barrier; forget must follow.
func (n *National) expect(id uuid.UUID) chan Arrival {
	c := make(chan Arrival, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expected[id] = c
	return c
}

// forget stops waiting; a barrier that came all the same and was not taken is closed.
func (n *National) forget(id uuid.UUID, c chan Arrival) {
	n.mu.Lock()
	delete(n.expected, id)
	n.mu.Unlock()
	select {
	case a := <-c:
		a.Close()
	default:
	}
}

// Request asks for a run.
type Request struct {
	Province int16
	By       string // who asks: a login, or what part of the system
	Approve  bool   // go on with the run that waits for approval
	Scope    Scope  // what to compare; of an approved run it stays what it was
	Resync   bool   // repair any number of differences without asking
	Queue    bool   // nobody waits for it: it takes its turn among the others
	trigger  Trigger
	attempt  int
	repeats  int // how often it will be repeated yet
}

// Start begins a run and returns its id; Follow tells how it goes. Errors: NotFound for a
// province that is not connected here, for a table that is not replicated or if nothing waits for
// approval, Rule for keys that make no sense, Conflict while another run of the province is going
// on, Unavailable when the node is stopping.
func (n *National) Start(ctx context.Context, req Request) (int64, error) {
	n.mu.Lock()
	site, known := n.sites[req.Province]
	closed := n.closed
	n.mu.Unlock()
	if !known {
		return 0, fault.New(fault.NotFound, "reconciliation.province.unknown", "province", req.Province)
	}
	if closed {
		return 0, fault.New(fault.Unavailable, "reconciliation.stopping")
	}
	if err := req.Scope.check(n.opts.Tables); err != nil {
		return 0, err
	}
	if req.trigger == "" {
		req.trigger = Demand
	}
	n.beginning.Lock()
	defer n.beginning.Unlock()
	row, err := n.store.begin(ctx, req)
	if err != nil {
		n.giveUpBeginning(req, err)
		return 0, err
	}
	l := newLive(n.ctx, row)
	l.queue, l.repeats = req.Queue, req.repeats
	n.mu.Lock()
	if n.closed { // between the look above and now
		n.mu.Unlock()
		return 0, errors.Join(fault.New(fault.Unavailable, "reconciliation.stopping"), n.store.failUnfinished(ctx))
	}
	n.live[row.ID] = l
	n.tasks.Go(func() { n.carryOut(site, l) })
	n.mu.Unlock()
	return row.ID, nil
}

// giveUpBeginning ends a run that may have begun all the same when the database went away during
// its first commit: nobody carries it out, and no other one could begin.
func (n *National) giveUpBeginning(req Request, err error) {
	var answer *pgconn.PgError
	if known := fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound); known || errors.As(err, &answer) && answer.Severity == "ERROR" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.tasks.Go(func() {
		n.insist("whether a run began is not known", req.Province, func(ctx context.Context) error {
			n.beginning.Lock()
			defer n.beginning.Unlock()
			n.mu.Lock()
			carried := slices.AppendSeq([]int64{}, maps.Keys(n.live)) // never null
			n.mu.Unlock()
			return n.store.failOrphans(ctx, req, carried)
		})
	})
}
