package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// run is one run at headquarters. Only its own goroutine touches it.
type run struct {
	n       *National
	site    Site
	live    *live
	row     Run
	method  Method
	seed    int64
	saved   time.Time
	started time.Time
}

// failure ends a run with a reason.
type failure struct {
	reason Reason
	cause  error
}

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

func fail(reason Reason, format string, args ...any) error {
	return &failure{reason, fmt.Errorf(format, args...)}
}

// errNeedsApproval ends a run that a person must look at first.
var errNeedsApproval = errors.New("so many differences at once: a person has to approve the repair")

// saveEvery is how often progress within a phase is written.
const saveEvery = 300 * time.Millisecond

// do carries the run out: the steps of the package comment, in their order.
func (r *run) do(ctx context.Context) error {
	r.started = time.Now()
	r.row.Progress = Progress{Tables: len(r.n.opts.Tables)}
	r.row.Result, r.row.Certificate = nil, nil
	first, err := r.meet(ctx)
	if err != nil {
		return err
	}
	defer first.close()
	head, err := r.agreeOnChain(ctx, first.last)
	if err != nil {
		return err
	}
	r.seed = 1
	if head != nil {
		r.seed = head.Statement.Sequence + 1
	}
	r.method = chooseMethod(first.here, first.there, r.n.opts.Tables)
	r.row.Epoch, r.row.Point = &first.epoch, &first.point
	found, err := r.compareAll(ctx, first)
	if err != nil {
		return err
	}
	if err := r.n.store.saveDifferences(ctx, r.row.ID, false, found.differences); err != nil {
		return err
	}
	if err := r.judge(head, first, found); err != nil {
		return err
	}
	first.close() // long before the repair ends: a snapshot keeps dead rows from being removed
	var again *comparison
	var second *meeting
	if len(found.differences) > 0 {
		if err := r.repair(ctx, first, found); err != nil {
			return err
		}
		if second, again, err = r.recheck(ctx, found); err != nil {
			return err
		}
	}
	return r.certify(ctx, head, first, found, second, again)
}

// judge applies the approval rule. Another epoch or selection than the last certificate's is a
// reason for many differences, and so is the first comparison of all: no person is asked then.
func (r *run) judge(head *Certificate, m *meeting, found *comparison) error {
	var approved int64
	if r.row.ApprovedBy != nil {
		approved = r.row.Differences // of the run that stopped: what the person was shown
	}
	r.row.Differences = int64(len(found.differences))
	expected := head == nil || head.Statement.Epoch != m.epoch || head.Statement.Selection != m.selection ||
		string(head.Statement.Schema) != string(r.n.schema[:])
	if !expected && needsApproval(found.counts(), approved) {
		return errNeedsApproval
	}
	return nil
}

// finish records how the run ended. The node may be stopping, so it does not use the run's context.
func (r *run) finish(err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	now := time.Now()
	r.row.Ended, r.row.Progress.Note = &now, ""
	if err == nil {
		r.row.State, r.row.ReasonCode, r.row.Reason = Done, "", ""
	} else {
		r.row.State, r.row.Reason, r.row.ReasonCode = Failed, err.Error(), ReasonInternal
		var f *failure
		switch {
		case errors.Is(err, errNeedsApproval):
			r.row.State, r.row.ReasonCode = NeedsApproval, ReasonTooMany
		case r.n.ctx.Err() != nil:
			r.row.ReasonCode, r.row.Reason = ReasonInterrupted, "the national node was stopped during the run"
		case errors.As(err, &f):
			r.row.ReasonCode = f.reason
		}
		r.row.Result, r.row.Certificate = nil, nil
	}
	if err := r.n.store.save(ctx, r.row); err != nil {
		r.n.opts.Log.Error("reconciliation: its end is not recorded; the next start of the node will", "run", r.row.ID, "error", err)
	}
}

// progress changes the progress, shows it, and writes it unless it was written just now.
func (r *run) progress(ctx context.Context, change func(*Progress)) error {
	before := r.row.Progress.Phase
	change(&r.row.Progress)
	r.live.set(r.row, false)
	if r.row.Progress.Phase == before && time.Since(r.saved) < saveEvery {
		return nil
	}
	r.saved = time.Now()
	return r.n.store.save(ctx, r.row)
}

// ask sends a request to the province and reads the answer.
func ask[Reply any](ctx context.Context, r *run, operation string, request any) (reply Reply, err error) {
	raw, err := json.Marshal(request)
	if err != nil {
		return reply, err
	}
	limited, cancel := context.WithTimeout(ctx, r.n.opts.CallTimeout)
	defer cancel()
	answer, err := r.site.Call(limited, operation, raw)
	switch {
	case ctx.Err() != nil:
		return reply, ctx.Err()
	case errors.Is(err, ErrRefused):
		return reply, fail(ReasonRefused, "province %d: %w", r.site.Province, err)
	case err != nil:
		return reply, fail(ReasonOffline, "province %d does not answer: %w", r.site.Province, err)
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return reply, fail(ReasonRefused, "province %d: answer to %s: %w", r.site.Province, operation, err)
	}
	return reply, nil
}

// ErrRefused marks an error that the province itself answered with, as opposed to no answer.
var ErrRefused = errors.New("the province refused")

// meeting is a barrier at which both sides hold a snapshot.
type meeting struct {
	barrier     uuid.UUID
	epoch       int64
	point       LSN
	selection   int64
	here, there capability
	version     string       // of the province's program
	last        *Certificate // the province's newest
	tx          pgx.Tx       // headquarters' snapshot
	close       func()       // lets both snapshots go; more than once does no harm
}

// meet puts a barrier into the stream and waits until both sides hold a snapshot there.
func (r *run) meet(ctx context.Context) (*meeting, error) {
	id := uuid.New()
	arrivals := r.n.expect(id)
	m := &meeting{barrier: id, close: func() {}}
	arrived, err := r.invite(ctx, m, arrivals)
	if err != nil {
		r.n.forget(id, arrivals)
		r.letGo(id)
		return nil, err
	}
	m.tx = arrived.Tx
	closed := false
	m.close = func() {
		if !closed {
			closed = true
			arrived.Close()
			r.letGo(id)
		}
	}
	if arrived.Epoch != m.epoch || arrived.Point != m.point {
		m.close()
		return nil, fail(ReasonMismatch, "the province's snapshot is at epoch %d, %s, the barrier came at epoch %d, %s",
			m.epoch, m.point, arrived.Epoch, arrived.Point)
	}
	probe, err := newSide(ctx, m.tx, nationalFilter(r.site.Province), TextMD5, 0)
	if err == nil {
		m.here, err = probe.capability(ctx)
	}
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// letGo tells the province that its snapshot is not needed any more. If it does not hear that,
// the snapshot's lease runs out.
func (r *run) letGo(id uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := ask[empty](ctx, r, opRelease, releaseRequest{Barrier: id}); err != nil {
		r.n.opts.Log.Debug("reconciliation: snapshot not released", "province", r.site.Province, "error", err)
	}
}

// invite asks for the province's snapshot and waits for the barrier.
func (r *run) invite(ctx context.Context, m *meeting, arrivals <-chan Arrival) (a Arrival, err error) {
	if err := r.progress(ctx, func(p *Progress) {
		if p.Phase != PhaseRecheck {
			p.Phase = PhaseSnapshot
		}
		p.Note = "the province waits for its open transactions"
	}); err != nil {
		return a, err
	}
	opened, err := ask[openReply](ctx, r, opOpen, openRequest{Barrier: m.barrier})
	if err != nil {
		return a, err
	}
	m.version, m.last = opened.Version, opened.Last
	deadline := time.Now().Add(r.n.opts.SnapshotTimeout)
	for {
		answer, err := ask[awaitReply](ctx, r, opAwait, awaitRequest{Barrier: m.barrier})
		if err != nil {
			return a, err
		}
		if answer.Ready {
			m.epoch, m.point, m.selection, m.there = answer.Epoch, answer.Point, answer.Selection, answer.Capability
			break
		}
		if time.Now().After(deadline) {
			return a, fail(ReasonSnapshot, "province %d could not make its snapshot within %s: a transaction is open for so long", r.site.Province, r.n.opts.SnapshotTimeout)
		}
	}
	return r.receive(ctx, m, arrivals)
}

// receive waits for the barrier to come through the stream, behind whatever is in front of it.
func (r *run) receive(ctx context.Context, m *meeting, arrivals <-chan Arrival) (a Arrival, err error) {
	err = r.progress(ctx, func(p *Progress) {
		if p.Phase != PhaseRecheck {
			p.Phase = PhaseBarrier
		}
		p.Note = "the barrier at " + m.point.String() + " comes through the stream"
	})
	if err != nil {
		return a, err
	}
	timeout := time.NewTimer(r.n.opts.ArrivalTimeout)
	defer timeout.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	passed := 0
	for {
		select {
		case a = <-arrivals:
			return a, nil
		case <-look.C:
			// Twice, so that a barrier that is being handed over just now is not called lost.
			if epoch, lsn := r.site.Applied(); epoch > m.epoch || epoch == m.epoch && lsn >= m.point {
				passed++
			}
			if passed > 2 {
				return a, fail(ReasonBarrierLost, "the barrier at %s did not come: later transactions are applied", m.point)
			}
		case <-timeout.C:
			return a, fail(ReasonBarrierLost, "the barrier at %s did not come within %s", m.point, r.n.opts.ArrivalTimeout)
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
}
