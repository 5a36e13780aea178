package apply_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"jike/internal/bus/bustest"
	"jike/sync/apply"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// What meets no row is recorded, the province is asked, again until the repair came, and nothing is
// invented meanwhile.
func TestDivergencesAreRepaired(t *testing.T) {
	f := newFake(t)
	f.prove(1)
	f.apply()
	f.tx(insert(1, "a", 1, "p"))
	lsn := f.tx(update(2, "b", 2, "q"), remove(3), unknown(4), update(1, "A", 1, keep))
	f.applied()
	f.want("1,A,1,p,1,0/C8")
	open := `SELECT string_agg(concat_ws(',', key, kind, epoch, lsn), ' ' ORDER BY key) FROM sync.divergence WHERE province = 591 AND relation = 'crm.thing' AND repaired_at IS NULL`
	if got, want := f.Text(f.Target, open), fmt.Sprintf("2,update,1,%s 3,delete,1,%[1]s 4,unknown,1,%[1]s", lsn); got != want {
		t.Errorf("divergences %s, want %s", got, want)
	}
	asked := func() map[int64]bool {
		keys := map[int64]bool{}
		for len(keys) < 3 {
			r := receive(f, f.repairs)
			if r.Table != "crm.thing" {
				t.Fatalf("asked for %+v", r)
			}
			for _, key := range r.Keys {
				keys[key] = true
			}
		}
		return keys
	}
	if keys := asked(); !keys[2] || !keys[3] || !keys[4] {
		t.Errorf("asked for %v", keys)
	}
	f.announce()                       // the log's end after the answers: the repairs should be before it
	f.tx(update(2, "not yet", 3, "q")) // still no row, still the same incident
	f.tx(keyed(wire.Heartbeat, 1))     // and the stream passes
	f.Until("asked again", func() bool { f.announce(); f.tx(keyed(wire.Heartbeat, 1)); return len(f.repairs) > 0 })
	asked()
	f.tx(repair(2, "b", 4, "r"), absent(3, 0), repair(4, "d", 4, "large"))
	f.applied()
	f.want(fmt.Sprintf("1,A,1,p,1,0/C8 2,b,4,r,1,%s 4,d,4,large,1,%[1]s", f.lsn))
	if n := f.Int(f.Target, `SELECT count(*)::int FROM sync.divergence WHERE repaired_at IS NULL`); n != 0 {
		t.Errorf("%d divergences are open", n)
	}
	if n := f.Int(f.Target, `SELECT count(*)::int FROM sync.divergence`); n != 3 {
		t.Errorf("%d divergences were recorded, want 3", n)
	}
}

// An absence that was read before a row entered the selection comes behind that entry: the row is
// still to come, and nobody may think that it has. Its deletion says that it will not.
func TestAnAbsenceDoesNotOutrunAnEntry(t *testing.T) {
	open := `SELECT coalesce(string_agg(key || kind, ' ' ORDER BY key), '') FROM sync.divergence WHERE repaired_at IS NULL`
	for name, proven := range map[string]bool{"proven": true, "not proven": false} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			if proven {
				f.prove(1)
			}
			f.apply()
			expect := func(waiting, rows string) {
				t.Helper()
				f.applied()
				if got := f.Text(f.Target, open); got != waiting {
					t.Errorf("at %s %q waits, want %q", f.lsn, got, waiting)
				}
				f.want(rows)
			}
			f.tx(unknown(1), unknown(2))
			expect("1unknown 2unknown", "")
			f.tx(remove(1), remove(2))
			expect("", "")
			one := f.tx(unknown(1))
			f.tx(absent(1, 0), absent(2, 0))
			expect("1unknown", "")
			prev := f.link
			f.send(f.message(prev, f.part(unknown(2)), f.part(absent(1, one), absent(2, 0)))) // in one batch
			expect("1unknown 2unknown", "")
			f.tx(update(2, "b", 2, keep)) // and what changes meanwhile
			expect("1unknown 2unknown", "")
			f.tx(remove(2), unknown(3))
			f.tx(absent(3, f.lsn), repair(1, "a", 1, "p"))
			expect("3unknown", "1,a,1,p,1,"+f.lsn.String())
			f.tx(absent(3, f.lsn)) // the reader saw all before it
			expect("", f.rows())
			f.tx(unknown(4), unknown(5), unknown(6))
			f.tx(update(4, "d", 4, "whole"))
			f.tx(remove(4))
			f.tx(truncate())
			expect("", "")
		})
	}
}

// A repair that was asked for is asked for again in a new epoch: its answer may be of the history that
// was lost, whose positions can be far above those of the new one.
func TestANewEpochAsksAgain(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.lsn = 1 << 40
	f.tx(unknown(1))
	f.applied()
	receive(f, f.repairs)
	f.announce() // the log's end after the question
	f.lsn, f.link = 0, wire.Link{}
	f.incarnate(2, 1)
	f.tx(insert(2, "b", 2, ""))
	f.applied()
	if r := receive(f, f.repairs); len(r.Keys) != 1 || r.Keys[0] != 1 {
		t.Errorf("asked for %+v", r)
	}
}

// Before the epoch's first certificate rows may be missing without anybody having lost them.
func TestBeforeTheFirstCertificateUpdatesInsert(t *testing.T) {
	f := newFake(t)
	f.apply()
	var many []wire.Change
	for key := range int64(300) {
		many = append(many, update(1000+key, "m", 1, "p"))
	}
	f.tx(update(1, "a", 1, "p"), update(2, "b", 2, keep), remove(3))
	f.tx(many...)
	f.applied()
	if n := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing`); n != 301 {
		t.Errorf("%d rows", n)
	}
	if got := f.Text(f.Target, `SELECT string_agg(key || kind, ' ') FROM sync.divergence`); got != "2unknown" {
		t.Errorf("divergences %q: only a row that cannot be written is one", got)
	}
	if r := receive(f, f.repairs); len(r.Keys) != 1 || r.Keys[0] != 2 {
		t.Errorf("asked for %+v", r)
	}
}

// An absent key's row goes if it is older than the point, or if no transaction of this province
// can have written it; a younger one stays.
func TestAbsentDeletesWhatIsOlder(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "old", 1, ""), insert(2, "changed", 1, ""), insert(3, "nothing to do", 1, ""))
	point := f.lsn + 50
	f.tx(update(2, "young", 2, ""))
	f.applied()
	f.Exec(f.Target, `INSERT INTO crm.thing VALUES (591, 4, 'invented', 1, NULL, NULL, NULL), (591, 5, 'foreign', 1, NULL, 77, '0/FFFF')`)
	f.tx(absent(1, point), absent(2, point), absent(3, 0), absent(4, point), absent(5, point), absent(6, point))
	f.applied()
	f.want("2,young,2,1,0/C8 3,nothing to do,1,1,0/64")
	// The same in one batch with what was written before.
	prev := f.link
	one := f.part(insert(7, "old", 1, ""))
	two := f.part(insert(8, "young", 1, ""))
	f.send(f.message(prev, one, two, f.part(absent(7, one.LSN+1), absent(8, one.LSN+1))))
	f.applied()
	f.want("2,young,2,1,0/C8 3,nothing to do,1,1,0/64 8,young,1,1,0/1F4")
}

// A second applier stands by, touches nothing, and takes over when the first is gone.
func TestASecondApplierStandsByAndTakesOver(t *testing.T) {
	f := newFake(t)
	first := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	second := f.apply()
	f.Until("it stands by", func() bool { return second.It.Status().State == apply.Standby })
	f.tx(insert(2, "b", 1, ""))
	f.applied()
	if n := second.It.Status().Transactions; n != 0 {
		t.Errorf("the stand-by applied %d transactions", n)
	}
	first.Stop()
	f.tx(insert(3, "c", 1, ""))
	f.applied()
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8 3,c,1,1,0/12C")
	if s := second.It.Status(); s.Transactions != 1 || s.Conflicts != 0 || s.State != apply.Running {
		t.Errorf("after the take-over: %+v", s)
	}
}

// Even if the lock that chooses the leader failed, the position row would keep the two apart: who
// finds it moved reads it again and goes on from there.
func TestAMovedPositionIsReadAgain(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	// Another applier takes the next two transactions, which this one did not see yet.
	at := f.link
	one, two := f.part(insert(2, "b", 1, "")), f.part(insert(3, "c", 1, ""))
	f.Exec(f.Target, fmt.Sprintf(`WITH r AS (INSERT INTO crm.thing VALUES (591, 2, 'b', 1, NULL, 1, '%s'), (591, 3, 'c', 1, NULL, 1, '%s'))
		UPDATE sync.position SET lsn = '%[2]s', chain = '\x%x' WHERE province = 591`, one.LSN, two.LSN, f.link.Chain[:]))
	f.send(f.message(at, one, two))
	f.tx(update(3, "C", 2, ""))
	f.applied()
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8 3,C,2,1,0/190")
	if s := a.It.Status(); s.Transactions != 2 || s.Conflicts != 0 {
		t.Errorf("status %+v", s)
	}
}

// Whatever instant the connection is cut at, rows and position agree: transaction n, at position
// 100 n, leaves n rows.
func TestRowsAndPositionAreNeverApart(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	stop := make(chan struct{})
	var cuts, looks atomic.Int64
	checked := make(chan error)
	super, err := pgxpool.New(context.Background(), f.Database.SuperuserURL)
	f.Must(err)
	t.Cleanup(super.Close)
	go func() {
		checked <- func() error {
			last := int64(0)
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				var apart, rows int64
				err := f.Target.QueryRow(t.Context(), `SELECT c.n, p.lsn - '0/0' - 100 * c.n FROM sync.position p, LATERAL (SELECT count(*) AS n FROM crm.thing) c
					WHERE p.province = 591`).Scan(&rows, &apart)
				if err != nil && !errors.Is(err, pgx.ErrNoRows) || apart != 0 {
					return fmt.Errorf("rows and position are apart (%d): %w", apart, err)
				}
				looks.Add(1)
				if rows > last+60 { // it goes on: cut it off again
					last = rows
					var cut int
					err := super.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'jike_apply_591'`).Scan(&cut)
					if err != nil {
						return err
					}
					cuts.Add(int64(cut))
				}
			}
		}()
	}()
	for key := int64(0); key < 600 || cuts.Load() < 5 && key < 60_000; key++ { // a slow machine cuts less often
		f.tx(insert(key, "a", 1, ""))
	}
	f.applied()
	close(stop)
	if err := <-checked; err != nil {
		t.Error(err)
	}
	if cuts.Load() < 5 {
		t.Errorf("only %d connections were cut", cuts.Load())
	}
	if n := a.It.Status().Conflicts; n != 0 {
		t.Errorf("%d conflicts: a transaction was applied twice", n)
	}
	t.Logf("%d connections cut, %d looks", cuts.Load(), looks.Load())
}

// A barrier's snapshot sees what is before it and nothing else, though apply has long gone on.
func TestABarriersSnapshotIsExact(t *testing.T) {
	f := newFake(t)
	arrivals := make(chan apply.Arrival, 10)
	var points []wire.LSN
	for n := range 5 {
		f.tx(insert(int64(10*n), "before", 1, ""), insert(int64(10*n+1), "before", 1, ""))
		points = append(points, f.lsn+30)
		h := f.header
		h.Prev = f.link
		f.send(wire.WriteBarrier(h, wire.Barrier{ID: [16]byte{byte(n + 1)}, LSN: points[n]}))
		f.tx(insert(int64(10*n+2), "after", 1, ""), remove(int64(10*n)))
	}
	f.apply(func(o *apply.Options) { o.Barrier = func(a apply.Arrival) { arrivals <- a } }) // all wait and are merged
	f.applied()
	for n, point := range points {
		a := receive(f, arrivals)
		var rows, mine int
		f.Must(a.Tx.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE id = $1) FROM crm.thing`, 10*n).Scan(&rows, &mine))
		if rows != 2*n+2 || mine != 1 || a.Barrier != [16]byte{byte(n + 1)} || a.Epoch != 1 || a.Point != point {
			t.Errorf("barrier %d: %d rows, %d of them deleted after it, %+v", n, rows, mine, a)
		}
		a.Close()
	}
	// A barrier that comes again, or behind a gap, is none.
	h := f.header
	f.send(wire.WriteBarrier(h, wire.Barrier{ID: [16]byte{99}, LSN: 10}))
	h.Prev = wire.Link{LSN: f.lsn + 1000}
	f.send(wire.WriteBarrier(h, wire.Barrier{ID: [16]byte{98}, LSN: f.lsn + 1001}))
	receive(f, f.refills)
	if len(arrivals) > 0 {
		t.Errorf("%+v was taken", <-arrivals)
	}
}

// The stand-by's end, the reader's and the keepers' leave nothing behind, also when they are cut
// off in the middle of something.
func TestRunEndsPromptlyAndLeavesNothing(t *testing.T) {
	f := newFake(t)
	first := f.apply() // the hub's stream and what serves it stay
	f.tx(insert(0, "a", 1, ""))
	f.applied()
	first.Stop()
	f.applies = nil
	before := goleak.IgnoreCurrent()
	nc, err := f.Net.Hub.Connect(f.Net.NationalSeed(synctest.Province))
	f.Must(err)
	pool, err := pgxpool.New(context.Background(), f.Database.SyncURL)
	f.Must(err)
	control := stream.NewControl(nc, synctest.Province, stream.National, synctest.Log(t))
	a, err := apply.New(apply.Options{Province: synctest.Province, Pool: pool, NATS: nc, Control: control, Tables: things, Limits: synctest.Limits, Log: synctest.Log(t)})
	f.Must(err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { a.Run(ctx); close(done) }()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	cancel()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		t.Fatal("Run goes on")
	}
	control.Close()
	pool.Close()
	nc.Close()
	// A connection that was interrupted is closed by the driver in its own time.
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn/internal/bgreader.(*BGReader).bgRead"))
}

// The national node may start while the province is away: what the hub holds is applied.
func TestWhatTheHubHoldsIsAppliedWithoutTheProvince(t *testing.T) {
	f := newFake(t)
	first := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	first.Stop()
	f.tx(insert(2, "b", 1, ""))
	nc := bustest.Connect(t, f.Net.Hub, f.Net.NationalSeed(synctest.Province))
	hub, err := stream.OpenHub(t.Context(), nc, f.id, synctest.Limits)
	f.Must(err)
	f.Until("the hub has it", func() bool { last, err := hub.Check(t.Context()); return err == nil && last == 2 })
	f.control.Close()
	f.nc.Close()
	f.Leaf.Shutdown()
	f.apply()
	f.applied()
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8")
}
