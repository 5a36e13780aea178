package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// run is one run at headquarters. Only its own goroutine touches it.
type run struct {
	n       *National
	site    Site
	live    *live
	row     Run
	method  Method
	seed    int64
	form    int          // of the certificate
	proven  *Certificate // the newest that proves an epoch; nil: none does
	saved   time.Time
	started time.Time
	shown   int64 // differences that the person saw who approved the run; 0: nobody had to

	compared time.Time // since when rows are compared
	asked    int64     // rows that the province has digested so far
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
	if r.row.ApprovedBy != nil {
		r.shown = r.row.Differences
	}
	r.row.Progress = Progress{}
	r.row.Result, r.row.Certificate, r.row.Causes = nil, nil, nil
	first, err := r.meet(ctx)
	if err != nil {
		return err
	}
	defer first.close()
	head, err := r.agreeOnChain(ctx, first.last)
	if err != nil {
		return err
	}
	if r.proven, err = r.n.store.proving(ctx, r.site.Province); err != nil {
		return err
	}
	r.seed = 1
	if head != nil {
		r.seed = head.Statement.Sequence + 1
	}
	r.form = first.form
	if r.form < 2 && !r.row.Scope.whole() {
		return fail(ReasonOld, "province %d runs %s, which cannot compare a part of its rows", r.site.Province, first.version)
	}
	r.method = chooseMethod(first.here, first.there, first.tables)
	r.row.Progress.Tables, r.row.Progress.RowsInAll = len(first.tables), first.rows
	r.row.Epoch, r.row.Point = &first.epoch, &first.point
	found, err := r.compareAll(ctx, first)
	if err != nil {
		return err
	}
	if err := r.n.store.saveDifferences(ctx, r.row.ID, false, found.differences); err != nil {
		return err
	}
	r.row.Differences, r.row.Causes = int64(len(found.differences)), countCauses(found.differences)
	if err := r.judge(first, found); err != nil {
		return err
	}
	first.close() // long before the repair ends: a snapshot keeps dead rows from being removed
	var again *comparison
	var second *meeting
	if len(found.differences) > 0 {
		if err := r.repair(ctx, first, found); err != nil {
			return err
		}
		if second, again, err = r.recheck(ctx, first, found); err != nil {
			return err
		}
	}
	return r.certify(ctx, head, first, found, second, again)
}

// judge applies the approval rule. No person is asked if a resync was asked for, nor if nothing is
// proved yet in this epoch, or with this selection or these columns: there is a reason then.
func (r *run) judge(m *meeting, found *comparison) error {
	background := (&comparer{run: r, m: m}).background()
	if !r.row.Resync && background == Unknown && needsApproval(found.counts(), r.shown) {
		return errNeedsApproval
	}
	return nil
}

// finish records how the run ended, as soon as it can: as long as the database does not take it, the
// run is going on and no other one can begin.
func (r *run) finish(err error) {
	now := time.Now()
	r.row.Ended, r.row.Progress.Note = &now, ""
	if err == nil {
		r.row.State, r.row.ReasonCode, r.row.Reason = Done, "", ""
	} else {
		r.row.State, r.row.Reason, r.row.ReasonCode = Failed, err.Error(), ReasonInternal
		var f *failure
		var ended canceled
		switch {
		case errors.As(context.Cause(r.live.ctx), &ended):
			r.row.State, r.row.ReasonCode, r.row.Reason = Canceled, ReasonCanceled, ended.Error()
		case errors.Is(err, errNeedsApproval):
			r.row.State, r.row.ReasonCode = NeedsApproval, ReasonTooMany
		case r.n.ctx.Err() != nil:
			r.row.ReasonCode, r.row.Reason = ReasonInterrupted, "the national node was stopped during the run"
		case errors.As(err, &f):
			r.row.ReasonCode = f.reason
		}
		r.row.Result, r.row.Certificate = nil, nil
	}
	r.n.insist("its end is not recorded", r.site.Province, func(ctx context.Context) error { return r.n.store.save(ctx, r.row) })
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
	answer, err := r.call(ctx, operation, raw)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return reply, fail(ReasonRefused, "province %d: answer to %s: %w", r.site.Province, operation, err)
	}
	return reply, nil
}

// call sends a request and sends it again while nobody answers, as long as patience lasts: the
// province keeps its snapshot for longer, so a run outlives a link that was down for a moment.
// Every request but the first and the last of a meeting may be repeated: see protocol.go.
func (r *run) call(ctx context.Context, operation string, raw []byte) ([]byte, error) {
	patience := time.Now().Add(r.n.opts.Patience)
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		limited, cancel := context.WithTimeout(ctx, r.n.opts.CallTimeout)
		answer, err := r.site.Call(limited, operation, raw)
		cancel()
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, ErrRefused):
			return nil, fail(ReasonRefused, "province %d: %w", r.site.Province, err)
		case operation == opOpen || operation == opRelease || time.Now().Add(pause).After(patience):
			return nil, fail(ReasonOffline, "province %d does not answer: %w", r.site.Province, err)
		}
		r.n.opts.Log.Info("reconciliation: no answer, asked again", "province", r.site.Province, "request", operation, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// ErrRefused marks an error that the province itself answered with, as opposed to no answer.
var ErrRefused = errors.New("the province refused")
