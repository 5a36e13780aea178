package synctest_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"

	"jike/internal/bus/bustest"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/reconcile"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// both runs capture, apply and both sides of reconciliation, wired as the nodes wire them.
func both(p *synctest.Pair) *reconcile.National {
	p.Helper()
	n := headquarters(p)
	provinceNode(p)
	linked(p)
	return n
}

// linked waits until the province answers: a reconciliation that begins before is over at once.
func linked(p *synctest.Pair) {
	p.Helper()
	calls := stream.NewControl(bustest.Connect(p, p.Net.Hub, p.Net.NationalSeed(synctest.Province)), synctest.Province, stream.National, synctest.Log(p))
	p.Cleanup(calls.Close)
	p.Until("the province is linked", func() bool { // who is asked for nothing refuses, who is away does not answer
		_, err := calls.Call(p.Context(), reconcile.Operations()[len(reconcile.Operations())-1], []byte("{}"))
		return !errors.Is(err, stream.ErrAway)
	})
}

func newKey(p *synctest.Pair) ed25519.PrivateKey {
	p.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	p.Must(err)
	return private
}

// headquarters runs apply and the national side of reconciliation.
func headquarters(p *synctest.Pair, previous ...replica.List) *reconcile.National {
	p.Helper()
	log := synctest.Log(p)
	n, err := reconcile.OpenNational(p.Context(), reconcile.NationalOptions{Pool: p.Database.Sync(p), Tables: replica.Up, Previous: previous, Key: newKey(p), Version: "test", Log: log})
	p.Must(err)
	p.Cleanup(n.Close)
	a := p.Apply(func(o *apply.Options) {
		o.Previous = previous
		o.Barrier = func(v apply.Arrival) {
			n.Barrier(reconcile.Arrival{Barrier: uuid.UUID(v.Barrier), Epoch: v.Epoch, Point: reconcile.LSN(v.Point), Tx: v.Tx, Close: v.Close})
		}
	})
	calls := stream.NewControl(bustest.Connect(p, p.Net.Hub, p.Net.NationalSeed(synctest.Province)), synctest.Province, stream.National, log)
	p.Cleanup(calls.Close)
	p.Must(n.AddSite(reconcile.Site{
		Province: synctest.Province,
		Call: func(ctx context.Context, operation string, request []byte) ([]byte, error) {
			answer, err := calls.Call(ctx, operation, request)
			if errors.Is(err, stream.ErrRefused) {
				err = fmt.Errorf("%w: %w", reconcile.ErrRefused, err)
			}
			return answer, err
		},
		Applied: func() (int64, reconcile.LSN) { epoch, lsn := a.It.Applied(); return epoch, reconcile.LSN(lsn) },
	}))
	return n
}

// provinceNode runs capture and the province's side of reconciliation.
func provinceNode(p *synctest.Pair, change ...func(*capture.Options)) *synctest.Running[*capture.Capture] {
	p.Helper()
	tables := replica.Up
	c := p.Capture(append(change, func(o *capture.Options) { tables = o.Tables })...)
	source := reconcile.NewProvince(reconcile.ProvinceOptions{
		Province: synctest.Province, Pool: p.ProvinceDB.Sync(p), Tables: tables, Key: newKey(p), Version: "test", Log: synctest.Log(p),
		Barrier: func(ctx context.Context, id uuid.UUID) (*reconcile.Snapshot, error) {
			s, err := c.It.Barrier(ctx, id)
			if err != nil {
				return nil, err
			}
			return &reconcile.Snapshot{Epoch: s.Epoch, Point: reconcile.LSN(s.LSN), Tx: s.Tx, Close: s.Close}, nil
		},
		Repair: func(ctx context.Context, t replica.Table, keys []int64, _ int64, point reconcile.LSN) error {
			return c.It.Repair(ctx, t, keys, wire.LSN(point))
		},
	})
	p.Cleanup(source.Close)
	for _, operation := range reconcile.Operations() {
		p.Must(c.It.Handle(operation, func(ctx context.Context, request []byte) ([]byte, error) {
			return source.Answer(ctx, operation, request)
		}))
	}
	return c
}

func reconcileOnce(p *synctest.Pair, n *reconcile.National) (end reconcile.Run) {
	p.Helper()
	id, err := n.Start(p.Context(), reconcile.Request{Province: synctest.Province, By: "test"})
	p.Must(err)
	p.Must(n.Follow(p.Context(), id, func(r reconcile.Run) { end = r }))
	return end
}

// No reconciliation while both sides write finds a difference that is none, what is damaged is
// found and named, and no committed row is ever lost.
func TestReconciliationsUnderLoad(t *testing.T) {
	p := synctest.New(t)
	p.Exec(p.Source, `INSERT INTO crm.monthly_summary (id, month, city, class, industry, customers, members, income_fen)
		SELECT i, '2025-01-01', '350100', 'A1', i::text, i, i, i FROM generate_series(1, 3000) i`)
	sync := p.ProvinceDB.Sync(t)
	p.DropSlot()
	p.Must(capture.EnsureSlot(t.Context(), p.ProvinceDB.SyncURL, sync)) // behind the rows
	n := both(p)
	// What was there before the slot comes by the first reconciliation and nothing else.
	if run := reconcileOnce(p, n); run.State != reconcile.Done || *run.Result != reconcile.Repaired || run.Differences != 3000 {
		t.Fatalf("first run: %s, %v, %d differences: %s", run.State, run.Result, run.Differences, run.Reason)
	}
	w := p.WorkSmall(seed(t), 3)
	count := 5
	if os.Getenv("JIKE_LONG") != "" {
		count = 50
	}
	for i := range count {
		run := reconcileOnce(p, n)
		if run.State != reconcile.Done || *run.Result != reconcile.Clean {
			t.Fatalf("run %d under load: %s, %d differences: %s, %+v", i, run.State, run.Differences, run.Reason, run.Certificate.Statement.Found.Listed)
		}
	}
	p.Exec(p.Target, `DELETE FROM crm.monthly_summary WHERE id = 7`, `UPDATE crm.monthly_summary SET members = members + 1 WHERE id = 8`)
	run := reconcileOnce(p, n)
	if run.State != reconcile.Done || *run.Result != reconcile.Repaired || run.Differences != 2 {
		t.Fatalf("after damage: %s, %d differences: %s", run.State, run.Differences, run.Reason)
	}
	small := w.Stop()
	// A row whose large values are not in the log is missing until its repair came. That is a
	// difference, and its cause is known.
	w = p.Work(seed(t), 3)
	run = reconcileOnce(p, n)
	if run.State != reconcile.Done {
		t.Fatalf("with large values: %s: %s", run.State, run.Reason)
	}
	listed := run.Certificate.Statement.Found.Listed
	if repair := run.Certificate.Statement.Repair; repair != nil {
		listed = append(listed, repair.Left.Listed...)
	}
	for _, d := range listed {
		if d.Cause != reconcile.LargeValue || d.Kind != reconcile.Missing {
			t.Errorf("false difference: %+v", d)
		}
	}
	t.Logf("%d transactions during %d runs", small+w.Stop(), count+2)
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.divergence WHERE kind <> 'unknown'`); n > 0 {
		t.Errorf("%d changes met no row", n)
	}
}
