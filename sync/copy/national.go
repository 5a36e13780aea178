package copy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
	"jike/sync/stream"
)

// Options is what headquarters' side needs.
type Options struct {
	Pool     *pgxpool.Pool // headquarters' database, as jike_sync; chunks are written on connections beside it
	Tables   []replica.Table
	Parallel int   // chunks on their way at the same time, of all provinces together; 0: 4 for each processor, 16 at most
	Workers  int   // ranges of one province copied at the same time; 0: 3
	Chunk    int   // bytes of rows in a chunk at most; 0: 2 MiB
	Rate     int64 // bytes of rows a second, of all provinces together; 0: as fast as it goes
	Log      *slog.Logger
}

// National copies what provinces have. One serves all provinces.
type National struct {
	opts  Options
	store store
	load  *pgxpool.Pool // for chunks
	slots chan *slot    // given to who asked first
	pace  pace

	mu     sync.Mutex
	speeds map[int16]float64 // rows a second, of the copies that run here
	rows   int64             // copied by this process
}

// slot is what one chunk needs on its way: whoever holds it may ask for one.
type slot struct {
	body []byte // as the province gave it
	rows []byte // as PostgreSQL takes it
}

// Site is a province that may have to be copied.
type Site struct {
	Province int16
	Control  *stream.Control // headquarters' end
}

// OpenNational makes headquarters' side. Close ends it after every Join has returned.
func OpenNational(ctx context.Context, opts Options) (*National, error) {
	if opts.Parallel == 0 {
		opts.Parallel = min(4*runtime.GOMAXPROCS(0), 16)
	}
	if opts.Workers == 0 {
		opts.Workers = 3
	}
	if opts.Chunk == 0 {
		opts.Chunk = 2 << 20
	}
	config := opts.Pool.Config()
	config.MaxConns, config.MinConns, config.MinIdleConns = int32(opts.Parallel), 0, 0
	config.ConnConfig.RuntimeParams["application_name"] = "jike_copy"
	// A crash may take back the last chunks, rows and place together. What ends a copy is committed
	// on another connection and waits for the disk, and for everything before it.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	load, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	n := &National{
		opts: opts, store: store{opts.Pool}, load: load, slots: make(chan *slot, opts.Parallel),
		pace: pace{rate: opts.Rate}, speeds: map[int16]float64{},
	}
	for range opts.Parallel {
		n.slots <- &slot{}
	}
	return n, nil
}

// Close ends the connections on which chunks are written.
func (n *National) Close() { n.load.Close() }

// Join returns when the stream of an epoch may be applied: at once if rows of the province are here
// already or none existed when the epoch began, else after the first copy. It begins the copy or
// goes on with one that was cut off, and asks the province for as long as it takes.
func (n *National) Join(ctx context.Context, site Site, epoch int64) error {
	j := &joining{
		n: n, site: site, epoch: epoch, log: n.opts.Log.With("province", site.Province),
		budget: min(firstBudget, n.opts.Chunk), width: map[string]int{},
	}
	wanted, err := j.begin(ctx)
	if err != nil || !wanted {
		return err
	}
	return j.run(ctx)
}

// Status is what the metrics show of the copies that run in this process.
type Status struct {
	Provinces     int     // that are copied now
	RowsPerSecond float64 // of the last few seconds
	Rows          int64   // copied by this process
}

// Status describes the copies now.
func (n *National) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Status{Provinces: len(n.speeds), Rows: n.rows}
	for _, speed := range n.speeds {
		s.RowsPerSecond += speed
	}
	return s
}

// Cancel gives up the copy of a province that runs: its stream is applied as it is, and what was
// not copied comes with the reconciliation of its epoch. It returns ErrNotRunning.
func (n *National) Cancel(ctx context.Context, province int16) error {
	return n.store.cancel(ctx, province)
}

// ErrNotRunning says that a province is not being copied.
var ErrNotRunning = errors.New("copy: the province is not being copied")

// askPause is how long a question rests that was not answered, helloPatience how long it may take
// whether anybody is there, callPatience how long the answer with rows may.
const (
	askPause      = time.Second
	helloPatience = 5 * time.Second
	planPatience  = 2 * time.Minute
	callPatience  = 30 * time.Second
)

// begin reports whether there is something to copy, after it is written down what.
func (j *joining) begin(ctx context.Context) (bool, error) {
	state, err := j.n.store.resume(ctx, j.site.Province, j.epoch)
	if err != nil || state == Running {
		return state == Running, err
	}
	if state != missing { // of this epoch, and over
		return false, nil
	}
	empty, err := j.n.store.empty(ctx, j.site.Province, j.n.opts.Tables)
	if err != nil || !empty {
		return false, err
	}
	existing, err := j.existing(ctx)
	if err != nil || !existing {
		return false, err
	}
	var all plan
	err = j.ask(ctx, func() error {
		answer, err := j.call(ctx, CallPlan, planPatience, planRequest{j.epoch})
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, &all)
	})
	if err != nil {
		return false, err
	}
	return true, j.n.store.begin(ctx, j.site.Province, j.epoch, all)
}

// existing asks the province, whose capture must have begun the epoch, whether it had rows then.
func (j *joining) existing(ctx context.Context) (existing bool, err error) {
	err = j.ask(ctx, func() error {
		notice, err := j.hello(ctx)
		if err == nil && notice.Stream.Epoch != j.epoch {
			err = fmt.Errorf("%w: it is at epoch %d, want %d", errLater, notice.Stream.Epoch, j.epoch)
		}
		existing = notice.Existing
		return err
	})
	return existing, err
}

func (j *joining) hello(ctx context.Context) (notice stream.CaptureNotice, err error) {
	answer, err := j.call(ctx, stream.CallHello, helloPatience, nil)
	if err != nil {
		return notice, err
	}
	return notice, json.Unmarshal(answer, &notice)
}

// call asks the province once.
func (j *joining) call(ctx context.Context, name string, patience time.Duration, request any) ([]byte, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("copy: call %s: %w", name, err)
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := j.site.Control.Call(limited, name, data)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", errLater, err) // away, too slow, or it says why not: all may change
	}
	return answer, err
}

// errLater marks what is worth asking again.
var errLater = errors.New("copy: the province does not answer yet")

// ask repeats f until it succeeds, or fails with something else than errLater.
func (j *joining) ask(ctx context.Context, f func() error) error {
	for told := ""; ; {
		err := f()
		if !errors.Is(err, errLater) {
			return err
		}
		if err.Error() != told {
			told = err.Error()
			j.log.Warn("copy: asked again", "reason", err)
		}
		select {
		case <-time.After(askPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pace spreads bytes over time.
type pace struct {
	rate int64 // bytes a second; 0: no limit
	mu   sync.Mutex
	free time.Time // when what was taken so far is paid
}

// wait takes bytes and waits until they are due.
func (p *pace) wait(ctx context.Context, bytes int) error {
	if p.rate <= 0 {
		return nil
	}
	p.mu.Lock()
	if now := time.Now(); p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(float64(bytes) / float64(p.rate) * float64(time.Second)))
	until := p.free
	p.mu.Unlock()
	select {
	case <-time.After(time.Until(until)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
