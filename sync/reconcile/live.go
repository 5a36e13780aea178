package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"jike/internal/fault"
)

// carryOut runs a run to its end and records the end, also when the node is stopping.
func (n *National) carryOut(site Site, l *live) {
	r := &run{n: n, site: site, live: l, row: l.get()}
	err := n.turn(r, func() error { return r.do(l.ctx) })
	r.finish(err)
	l.cancel(nil)
	again := l.repeats > 0 && repeated(r.row)
	if n.opts.Ended != nil {
		n.opts.Ended(r.row, again) // before anybody who waits for the end can begin another
	}
	n.mu.Lock()
	delete(n.live, r.row.ID)
	n.mu.Unlock()
	l.set(r.row, true)
	n.opts.Log.Info("reconciliation ended", "province", site.Province, "run", r.row.ID, "state", r.row.State,
		"result", r.row.resultText(), "differences", r.row.Differences, "reason", r.row.Reason)
}

// insist does what must be recorded, again and again until it is or the node stops; what is not then,
// the next start of the node records. The node may be stopping, so one attempt is made in any case.
func (n *National) insist(what string, province int16, record func(context.Context) error) {
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := record(ctx)
		cancel()
		if err == nil {
			return
		}
		n.opts.Log.Error("reconciliation: "+what+"; it is tried again, at the latest by the next start of the node", "province", province, "error", err)
		if !n.wait(pause) {
			return
		}
	}
}

// turn carries out do, for a run that nobody waits for when its turn has come.
func (n *National) turn(r *run, do func() error) error {
	if !r.live.queue {
		return do()
	}
	select {
	case n.turns <- struct{}{}:
	default:
		if err := r.progress(r.live.ctx, func(p *Progress) { p.Phase = PhaseQueued }); err != nil {
			return err
		}
		select {
		case n.turns <- struct{}{}:
		case <-r.live.ctx.Done():
			return r.live.ctx.Err()
		}
	}
	defer func() { <-n.turns }()
	return do()
}

// canceled is why a run's context ended when a person ended the run.
type canceled struct{ by string }

func (c canceled) Error() string { return "canceled by " + c.by }

// Cancel ends a run for somebody: one that is going on, which is told to stop, or one that waits
// for approval. What it has repaired stays repaired. Errors: NotFound for an unknown run, Conflict
// for one that has ended.
func (n *National) Cancel(ctx context.Context, id int64, by string) error {
	n.mu.Lock()
	l := n.live[id]
	n.mu.Unlock()
	if l != nil {
		l.cancel(canceled{by})
		return nil
	}
	if _, err := n.store.run(ctx, id); err != nil {
		return err
	}
	return n.store.decline(ctx, id, by)
}

// StartAll begins a run of every province; they take turns. It gives the ids of those that began,
// and errors of the others; a province whose run is going on already is left alone.
func (n *National) StartAll(ctx context.Context, by string) (ids []int64, err error) {
	n.mu.Lock()
	provinces := slices.Sorted(maps.Keys(n.sites))
	n.mu.Unlock()
	var errs []error
	for _, province := range provinces {
		id, err := n.Start(ctx, Request{Province: province, By: by, Queue: true})
		switch {
		case err == nil:
			ids = append(ids, id)
		case !fault.Is(err, fault.Conflict):
			errs = append(errs, fmt.Errorf("province %d: %w", province, err))
		}
	}
	return ids, errors.Join(errs...)
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

// live is a run that is going on, for those who follow or end it.
type live struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	queue   bool // it takes turns with others
	repeats int  // how often it will be repeated yet

	mu      sync.Mutex
	row     Run
	ended   bool
	changed chan struct{} // closed at the next change
}

func newLive(ctx context.Context, row Run) *live {
	l := &live{row: row, changed: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

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
