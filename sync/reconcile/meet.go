package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// meeting is a barrier at which both sides hold a snapshot.
type meeting struct {
	barrier     uuid.UUID
	epoch       int64
	point       LSN
	selection   int64
	here, there capability
	rows        int64           // of the scope, estimated
	version     string          // of the province's program
	form        int             // of the certificate: the newest that both sides know
	last        *Certificate    // the province's newest
	schema      [32]byte        // of what the province replicates
	tables      []replica.Table // of the scope, with the columns that both sides have
	tx          pgx.Tx          // headquarters' snapshot
	close       func()          // lets both snapshots go; more than once does no harm
}

// barrierTries is how many barriers may get lost one after the other before the run fails.
const barrierTries = 3

// errPassed: later transactions are applied, so the barrier does not come any more.
var errPassed = errors.New("later transactions are applied")

// meet puts a barrier into the stream and waits until both sides hold a snapshot there. A lost
// barrier (a restart on the way, a message that the stream lost) is put in anew.
func (r *run) meet(ctx context.Context) (m *meeting, err error) {
	for range barrierTries {
		if m, err = r.meetOnce(ctx); !errors.Is(err, errPassed) {
			break
		}
		r.n.opts.Log.Warn("reconciliation: a barrier got lost", "province", r.site.Province, "run", r.row.ID, "error", err)
	}
	return m, err
}

func (r *run) meetOnce(ctx context.Context) (*meeting, error) {
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
	if err == nil {
		var here int64
		here, err = probe.estimate(ctx, m.tables, r.row.Scope.low(), r.row.Scope.high())
		m.rows = max(m.rows, here)
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
	opened, err := ask[openReply](ctx, r, opOpen, openRequest{Barrier: m.barrier, Scope: r.row.Scope})
	if err != nil {
		return a, err
	}
	m.version, m.form, m.last, m.schema = opened.Version, max(1, min(opened.Form, certificateForm)), opened.Last, r.n.schema
	shared := r.n.opts.Tables
	if opened.Tables != nil {
		m.schema = replica.Hash(opened.Tables)
		if shared, err = r.n.shared(r.site.Province, opened.Tables); err != nil {
			return a, err
		}
	}
	m.tables = r.row.Scope.tables(shared)
	deadline := time.Now().Add(r.n.opts.SnapshotTimeout)
	for {
		answer, err := ask[awaitReply](ctx, r, opAwait, awaitRequest{Barrier: m.barrier})
		if err != nil {
			return a, err
		}
		if answer.Ready {
			m.epoch, m.point, m.selection, m.there, m.rows = answer.Epoch, answer.Point, answer.Selection, answer.Capability, answer.Rows
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
				return a, fail(ReasonBarrierLost, "the barrier at %s did not come: %w", m.point, errPassed)
			}
		case <-timeout.C:
			return a, fail(ReasonBarrierLost, "the barrier at %s did not come within %s", m.point, r.n.opts.ArrivalTimeout)
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
}
