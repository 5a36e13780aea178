package synctest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/reconcile"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// customers writes rows that travel.
func customers(p *synctest.Pair, from, to int) {
	p.Helper()
	p.Exec(p.Source, fmt.Sprintf(`INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
		SELECT i, true, 'G' || i, 'n' || i, '{}', '65', '350100', 'A1', 'active', 'p' FROM generate_series(%d, %d) i`, from, to))
}

// confirmed waits until capture has confirmed something, so that there is a place to go on from.
func confirmed(p *synctest.Pair) {
	p.Helper()
	p.Until("a transaction is confirmed", func() bool {
		p.Mark()
		return p.Int(p.Source, `SELECT count(*)::int FROM sync.capture WHERE confirmed_lsn > begun_lsn`) == 1
	})
}

// epoch waits until headquarters reads a younger epoch than the given one, and gives it.
func epoch(p *synctest.Pair, after int) (now int) {
	p.Helper()
	p.Until(fmt.Sprintf("an epoch after %d", after), func() bool {
		now = p.Int(p.Target, `SELECT epoch::int FROM sync.position WHERE province = 591`)
		return now > after
	})
	return now
}

// apart counts the rows that differ, by plain SQL and a comparison here.
func apart(p *synctest.Pair) (n int) {
	p.Helper()
	read := func(pool *pgxpool.Pool, query string) map[int64]string {
		rows, err := pool.Query(p.Context(), query)
		p.Must(err)
		out := map[int64]string{}
		var key int64
		var text string
		_, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error { out[key] = text; return nil })
		p.Must(err)
		return out
	}
	for _, t := range replica.Up {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		row := "ROW(" + strings.Join(names, ", ") + ")::text"
		there := read(p.Source, fmt.Sprintf("SELECT %s, %s FROM %s WHERE national", t.Key, row, t.Qualified()))
		here := read(p.Target, fmt.Sprintf("SELECT %s, %s FROM %s WHERE province = 591", t.Key, row, t.Qualified()))
		for key, text := range there {
			if here[key] != text {
				n++
			}
			delete(here, key)
		}
		n += len(here)
	}
	return n
}

// transferred counts the rows that a repair sent in an epoch.
func transferred(p *synctest.Pair, epoch int) (n int) {
	p.Helper()
	js, err := jetstream.New(p.Net.National(synctest.Province))
	p.Must(err)
	s, err := js.Stream(p.Context(), p.HubStream(int64(epoch)))
	p.Must(err)
	for sequence := s.CachedInfo().State.FirstSeq; sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		raw, err := s.GetMsg(p.Context(), sequence)
		p.Must(err)
		m, err := wire.Decode(raw.Data)
		p.Must(err)
		for _, part := range m.Parts {
			for _, c := range part.Changes {
				if c.Op == wire.Repair || c.Op == wire.Absent {
					n++
				}
			}
		}
	}
	return n
}

// recovered reconciles after the beginning of an epoch and checks that exactly the differences were
// found, sent and repaired.
func recovered(p *synctest.Pair, n *reconcile.National, epoch int) {
	p.Helper()
	p.Settle()
	want := apart(p)
	if want == 0 {
		p.Fatal("nothing differs: the test shows nothing")
	}
	run := reconcileOnce(p, n)
	if run.State != reconcile.Done || *run.Result != reconcile.Repaired || run.Differences != int64(want) {
		p.Fatalf("reconciliation: %s, %v, %d differences, %d by SQL: %s", run.State, run.Result, run.Differences, want, run.Reason)
	}
	if sent := transferred(p, epoch); sent != want {
		p.Errorf("%d rows were sent for %d differences", sent, want)
	}
	p.Settle()
	p.Same()
	p.Logf("epoch %d (%s): %d differences, so many rows sent", epoch, p.Text(p.Source, `SELECT reason FROM sync.capture`), want)
}

// The slot is dropped while the province writes.
func TestADroppedSlotBeginsANewEpoch(t *testing.T) {
	p := synctest.New(t)
	n := headquarters(p)
	c := provinceNode(p)
	customers(p, 1, 200)
	p.Settle()
	c.Stop()
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'changed' WHERE id <= 20`, `DELETE FROM crm.customer WHERE id > 195`)
	customers(p, 201, 230)
	p.DropSlot()
	provinceNode(p)
	e := epoch(p, 1)
	if !strings.Contains(p.Text(p.Source, `SELECT reason FROM sync.capture WHERE existing`), "slot is gone") {
		t.Error("the reason is not written down")
	}
	customers(p, 231, 240) // the stream goes on
	recovered(p, n, e)
}

// The reader is away until PostgreSQL gives up the slot.
func TestASlotThatPostgreSQLGaveUpBeginsANewEpoch(t *testing.T) {
	p := synctest.NewOnCluster(t, pgtest.Cluster(t, map[string]string{
		"max_slot_wal_keep_size": "1MB", "max_wal_size": "32MB", "min_wal_size": "32MB",
	}))
	n := headquarters(p)
	c := provinceNode(p)
	customers(p, 1, 200)
	p.Settle()
	confirmed(p)
	p.Until("the budget is known", func() bool { return c.It.Status().Budget.Wal == "reserved" && c.It.Status().Budget.LogLeft > 0 })
	c.Stop()
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'changed' WHERE id <= 20`, `CREATE TABLE crm.noise (filler text)`)
	super, err := pgxpool.New(t.Context(), p.ProvinceDB.SuperuserURL)
	p.Must(err)
	defer super.Close()
	p.Until("the slot is lost", func() bool {
		p.Exec(p.Source, `INSERT INTO crm.noise SELECT repeat('x', 1000) FROM generate_series(1, 5000)`)
		p.Exec(super, `SELECT pg_switch_wal()`, `CHECKPOINT`)
		return p.Text(p.Source, `SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'jike_up'`) == "lost"
	})
	provinceNode(p)
	recovered(p, n, epoch(p, 1))
}

// restored is a cluster of the test's own that is stopped, replaced and started again at the same
// place, as whoever restores a province does.
type restored struct {
	*synctest.Pair
	cluster  *pg.Cluster
	dir      string
	settings map[string]string
}

func newRestored(t *testing.T, settings map[string]string) *restored {
	r := &restored{dir: filepath.Join(pgtest.Dir(t), "pg"), settings: settings}
	pgtest.Prepare(t, r.dir)
	r.cluster = r.start(t, r.dir)
	r.Pair = synctest.NewOnCluster(t, r.cluster)
	return r
}

func (r *restored) start(t *testing.T, dir string) *pg.Cluster {
	c, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: dir, Settings: r.settings, Log: synctest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop(context.Background()) }) // it may be stopped already
	return c
}

// replace stops the cluster and starts another data directory in its place. Whoever is connected
// finds another database at the same address.
func (r *restored) replace(t *testing.T, image string) {
	r.Must(r.cluster.Stop(t.Context()))
	r.Must(os.RemoveAll(r.dir))
	r.Must(os.Rename(image, r.dir))
	r.cluster = r.start(t, r.dir)
	r.Reconnect()
}

func run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	if out, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, out)
	}
}

// image copies the stopped cluster aside and goes on.
func (r *restored) image(t *testing.T) string {
	to := r.dir + "-image"
	r.Must(r.cluster.Stop(t.Context()))
	run(t, "cp", "-a", r.dir, to)
	r.cluster = r.start(t, r.dir)
	r.Reconnect()
	return to
}

// A disk image comes back, with system id, timeline, slot and row as they were, and the province
// writes other changes over the same positions: before its capture runs again, or while it does.
func TestARestoredDiskImageBeginsANewEpoch(t *testing.T) {
	for name, before := range map[string]bool{"rewritten before it is read": true, "shorter than what was published": false} {
		t.Run(name, func(t *testing.T) {
			p := newRestored(t, nil)
			n := headquarters(p.Pair)
			c := provinceNode(p.Pair)
			customers(p.Pair, 1, 200)
			p.Settle()
			confirmed(p.Pair)
			image := p.image(t)
			customers(p.Pair, 201, 260)
			p.Exec(p.Source, `UPDATE crm.customer SET name = 'lost' WHERE id <= 10`)
			p.Settle()
			if before {
				c.Stop()
			}
			p.replace(t, image)
			if before {
				for i := range 40 { // well over what was there
					p.Exec(p.Source, fmt.Sprintf(`UPDATE crm.customer SET name = 'other %d' WHERE id BETWEEN 11 AND 100`, i))
				}
				provinceNode(p.Pair)
			}
			e := epoch(p.Pair, 1)
			customers(p.Pair, 255, 280)
			recovered(p.Pair, n, e)
		})
	}
}

// The leaf's store comes back with the disk image, so that nothing in the province tells that there
// was more: headquarters does.
func TestADiskImageOfEverythingBeginsANewEpoch(t *testing.T) {
	long(t)
	p := newRestored(t, nil)
	n := headquarters(p.Pair)
	c := provinceNode(p.Pair)
	customers(p.Pair, 1, 200)
	p.Settle()
	confirmed(p.Pair)
	c.Stop()
	p.Leaf.Shutdown()
	image, leaf := p.image(t), p.LeafDir+"-image"
	run(t, "cp", "-a", p.LeafDir, leaf)
	p.StartLeaf()
	c = provinceNode(p.Pair)
	customers(p.Pair, 201, 260)
	p.Settle()
	c.Stop()
	p.Leaf.Shutdown()
	p.replace(t, image)
	for i := range 40 {
		p.Exec(p.Source, fmt.Sprintf(`UPDATE crm.customer SET name = 'other %d' WHERE id BETWEEN 11 AND 100`, i))
	}
	p.LeafDir = leaf
	p.StartLeaf()
	provinceNode(p.Pair)
	recovered(p.Pair, n, epoch(p.Pair, 1))
}
