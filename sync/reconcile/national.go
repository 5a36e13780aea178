package reconcile

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
	Applied  func() (epoch int64, point LSN)
	Schedule string // five-field cron expression or @every, read in Zone; empty: on demand only
	Zone     string // IANA name, such as Asia/Shanghai; empty: UTC
}

// NationalOptions is what headquarters' side of reconciliation needs. Durations of 0 stand for
// the defaults that are named.
type NationalOptions struct {
	Pool    *pgxpool.Pool // as jike_sync
	Tables  []replica.Table
	Key     ed25519.PrivateKey
	Version string // of this program
	Log     *slog.Logger

	CallTimeout     time.Duration // one request; 30 s
	SnapshotTimeout time.Duration // the province makes its snapshot, which waits for open transactions; 10 min
	ArrivalTimeout  time.Duration // the barrier comes through the stream, behind the backlog; 30 min
	RetryAfter      time.Duration // a failed scheduled run is repeated; 10 min
	Retries         int           // so many times; 6
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
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.Retries == 0 {
		o.Retries = 6
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

	mu       sync.Mutex
	sites    map[int16]Site
	expected map[uuid.UUID]chan Arrival
	live     map[int64]*live
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
// as failed.
func OpenNational(ctx context.Context, opts NationalOptions) (*National, error) {
	n := &National{
		opts: opts.withDefaults(), schema: replica.Hash(opts.Tables), store: nationalStore{opts.Pool},
		sites: map[int16]Site{}, expected: map[uuid.UUID]chan Arrival{}, live: map[int64]*live{},
	}
	if err := n.store.failUnfinished(ctx); err != nil {
		return nil, err
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// AddSite makes a province known and starts its schedule. It fails for an unknown time zone or a
// schedule that cannot be read.
func (n *National) AddSite(s Site) error {
	schedule, err := parseSchedule(s.Schedule, s.Zone)
	if err != nil {
		return fmt.Errorf("reconciliation of province %d: %w", s.Province, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sites[s.Province] = s
	if schedule != nil && !n.closed {
		n.tasks.Go(func() { n.keepSchedule(s.Province, schedule) })
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
	trigger  Trigger
}

// Start begins a run and returns its id; Follow tells how it goes. Errors: NotFound for a
// province that is not connected here or if nothing waits for approval, Conflict while another
// run of the province is going on, Unavailable when the node is stopping.
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
	if req.trigger == "" {
		req.trigger = Demand
	}
	row, err := n.store.begin(ctx, req)
	if err != nil {
		return 0, err
	}
	l := newLive(row)
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

// carryOut runs a run to its end and records the end, also when the node is stopping.
func (n *National) carryOut(site Site, l *live) {
	r := &run{n: n, site: site, live: l, row: l.get()}
	err := r.do(n.ctx)
	r.finish(err)
	n.mu.Lock()
	delete(n.live, r.row.ID)
	n.mu.Unlock()
	l.set(r.row, true)
	n.opts.Log.Info("reconciliation ended", "province", site.Province, "run", r.row.ID, "state", r.row.State,
		"result", r.row.resultText(), "differences", r.row.Differences, "reason", r.row.Reason)
}

// Follow calls tell with the run's state now and at every change, until the run has ended or ctx
// does. NotFound if there is no such run.
func (n *National) Follow(ctx context.Context, id int64, tell func(Run)) error {
	n.mu.Lock()
	l := n.live[id]
	n.mu.Unlock()
	if l == nil {
		row, err := n.store.run(ctx, id)
		if err == nil {
			tell(row)
		}
		return err
	}
	for {
		row, ended, changed := l.look()
		tell(row)
		if ended {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Chain reads a province's certificates in ascending order: those after sequence, at most limit.
func (n *National) Chain(ctx context.Context, province int16, after int64, limit int) ([]Certificate, error) {
	return n.store.chain(ctx, province, after, limit)
}

// live is a run that is going on, for those who follow it.
type live struct {
	mu      sync.Mutex
	row     Run
	ended   bool
	changed chan struct{} // closed at the next change
}

func newLive(row Run) *live { return &live{row: row, changed: make(chan struct{})} }

func (l *live) get() Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row
}

func (l *live) look() (Run, bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row, l.ended, l.changed
}

func (l *live) set(row Run, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row, l.ended = row, ended
	close(l.changed)
	l.changed = make(chan struct{})
}
