package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"jike/sync/apply"
	"jike/sync/wire"
)

// hub is the hub's stream.
func (f *fake) hub() jetstream.Stream {
	f.Helper()
	js, err := jetstream.New(f.Net.National(591))
	f.Must(err)
	s, err := js.Stream(f.Context(), f.HubStream(f.id.Epoch))
	f.Must(err)
	return s
}

// A national database that was restored is older than its province thinks. What the hub still holds
// is applied again from the position that went back with the rows.
func TestARestoredDatabaseIsReplayedFromTheHub(t *testing.T) {
	f := newPoisonable(t)
	f.prove(1)
	a := f.apply()
	f.tx(insert(1, "a", 1, "p"), insert(2, "b", 2, "q"))
	f.tx(insert(3, "bad", -1, ""))
	f.applied()
	a.Stop()
	restore := f.Backup()
	a = f.apply()
	f.tx(update(1, "A", 10, keep), remove(2), repair(3, "c", 3, ""))
	f.send(f.chunks(100, manyInserts(1000)[10:])...)
	f.tx(update(1, "AA", 100, keep), truncate(), insert(4, "d", 4, ""))
	f.tx(insert(5, "e", 5, ""))
	f.applied()
	want := f.rows()
	a.Stop()
	restore()
	f.want("1,a,1,p,1,0/64 2,b,2,q,1,0/64")
	f.wantDirty("3,t,0")
	a = f.apply()
	f.tx(update(5, "E", 50, ""))
	f.applied()
	f.want(strings.Replace(want, "5,e,5,1,0/258", "5,E,50,1,0/2BC", 1))
	f.wantDirty("")
	if s := a.It.Status(); s.Divergences != 0 || s.Conflicts != 0 || s.State != apply.Running {
		t.Errorf("status %+v", s)
	}
	if len(f.refills) > 0 {
		t.Errorf("asked for %+v, which the hub holds", <-f.refills)
	}
}

// What follows the position is not at the hub any more: the province is asked for it. Its log has
// let it go, too, so it begins a new epoch, which is applied unproven: nothing that is missing is
// an incident, and nothing that is here is lost.
func TestADatabaseRestoredBeyondRetentionTakesTheNewEpoch(t *testing.T) {
	f := newFake(t)
	f.prove(1)
	a := f.apply()
	f.tx(insert(1, "a", 1, "p"), insert(2, "b", 2, ""))
	f.applied()
	at := f.link
	a.Stop()
	restore := f.Backup()
	a = f.apply()
	f.tx(insert(3, "c", 3, ""), remove(2))
	f.tx(insert(4, "d", 4, ""))
	f.applied()
	a.Stop()
	f.Must(f.hub().Purge(t.Context(), jetstream.WithPurgeSequence(f.hubEnd())))
	restore()
	a = f.apply()
	if r := receive(f, f.refills); r.Epoch != 1 || r.LSN != at.LSN {
		t.Errorf("asked for %+v, the position is %+v", r, at)
	}
	f.state(apply.Refilling)
	f.want("1,a,1,p,1,0/64 2,b,2,1,0/64")
	f.link = wire.Link{} // the province's answer, and its traffic goes on
	f.incarnate(2, 1)
	f.tx(update(3, "C", 30, ""), update(1, "A", 10, keep), remove(4))
	f.applied()
	f.want(fmt.Sprintf("1,A,10,p,2,%s 2,b,2,1,0/64 3,C,30,2,%[1]s", f.lsn)) // 2 is a reconciliation's to find
	f.state(apply.Running)
	if s := a.It.Status(); s.Epoch != 2 || s.Divergences != 0 || s.Parked != 0 {
		t.Errorf("status %+v", s)
	}
}

// A bit of the hub's store on disk is flipped while the hub is down. The hub drops what it cannot
// read; that is a gap, and is refilled.
func TestAFlippedBitInTheHubsStoreIsRefilled(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	a.Stop()
	at := f.link
	one, mid := f.part(insert(2, "b", 2, "")), f.link
	two := f.part(insert(3, "c", 3, ""))
	broken := f.message(at, one)
	f.send(broken, f.message(mid, two))
	f.Until("the hub stores both", func() bool { return f.hubEnd() == 3 })
	name := f.HubStream(f.id.Epoch)
	f.Net.Hub.Shutdown()
	flip(t, f.Net.HubDir(), name, broken)
	f.Net.StartHub()
	f.apply()
	if r := receive(f, f.refills); r.LSN != at.LSN {
		t.Errorf("asked for %+v, the position is %+v", r, at)
	}
	f.want("1,a,1,1,0/64")
	f.incarnate(1, 2)
	f.send(f.message(at, one), f.message(mid, two))
	f.applied()
	f.want("1,a,1,1,0/64 2,b,2,1,0/C8 3,c,3,1,0/12C")
}

// flip changes a bit of a message in the one place of a stream's files where it stands.
func flip(t *testing.T, dir, stream string, message []byte) {
	t.Helper()
	flipped := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, stream) || filepath.Ext(path) != ".blk" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if i := bytes.Index(data, message); i >= 0 {
			data[i+len(message)/2] ^= 1
			flipped++
			return os.WriteFile(path, data, 0o600)
		}
		return nil
	})
	if err != nil || flipped != 1 {
		t.Fatalf("%d places were flipped, %v", flipped, err)
	}
}

// Two appliers while the leader's connection is cut at random moments of its work: whoever leads
// goes on at the position, and transaction n, at position 100 n, always leaves n rows.
func TestTheStandByTakesOverUnderLoad(t *testing.T) {
	f := newFake(t)
	one, two := f.apply(), f.apply()
	super, err := pgxpool.New(context.Background(), f.Database.SuperuserURL)
	f.Must(err)
	t.Cleanup(super.Close)
	cuts, last := 0, 0
	led := func() bool { return one.It.Status().Transactions > 0 && two.It.Status().Transactions > 0 }
	for key := int64(0); cuts < 10 || !led() || key < 400; key++ {
		f.tx(insert(key, "a", 1, ""))
		rows, position := 0, 0
		f.Must(f.Target.QueryRow(t.Context(), `SELECT c.n, coalesce((SELECT lsn - '0/0' FROM sync.position WHERE province = 591), 0)::int
			FROM (SELECT count(*)::int AS n FROM crm.thing) c`).Scan(&rows, &position))
		if position != 100*rows {
			t.Fatalf("%d rows at position %d", rows, position)
		}
		if rows < last+20 {
			continue
		}
		last = rows
		var cut int // whoever holds the lock
		f.Must(super.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND l.objid = 591`).Scan(&cut))
		cuts += cut
		if key > 20_000 {
			t.Fatal("the stand-by never leads")
		}
	}
	f.applied()
	if n := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing`); wire.LSN(100*n) != f.lsn {
		t.Errorf("%d rows at position %s", n, f.lsn)
	}
	a, b := one.It.Status(), two.It.Status()
	if a.Conflicts+b.Conflicts+a.Divergences+b.Divergences+a.Parked+b.Parked != 0 {
		t.Errorf("one %+v, two %+v", a, b)
	}
	t.Logf("%d cuts; one applied %d transactions, two %d", cuts, a.Transactions, b.Transactions)
}
