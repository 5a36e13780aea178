package publish_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/publish"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	province = synctest.Province
	other    = 571
	canary   = "CANARY-OF-ANOTHER-PROVINCE"
)

// rig is headquarters and one province: two databases, hub and leaf server, publisher and apply, each
// to be stopped, wiped and set back by itself.
type rig struct {
	testing.TB
	net                        *bustest.Net
	leafDir                    string
	leaf                       *bus.Server
	national, nationalSync     *pgxpool.Pool
	province, provinceSync     *pgxpool.Pool
	publisher                  *publish.Publisher
	stopPublisher, stopApplier func()
	next                       int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	n, p := pgtest.National(t), pgtest.Province(t)
	r := &rig{TB: t, net: bustest.New(t, province, other), leafDir: t.TempDir()}
	r.national, r.nationalSync, r.province, r.provinceSync = n.Owner(t), n.Sync(t), p.Owner(t), p.Sync(t)
	r.leaf = r.net.Leaf(province, r.leafDir)
	r.startPublisher()
	r.startApplier()
	t.Cleanup(func() { r.stopPublisher(); r.stopApplier() })
	return r
}

func (r *rig) startPublisher() {
	nc, err := r.net.Hub.Connect(r.net.NationalSeed(province))
	r.must(err)
	control := stream.NewControl(nc, province, stream.National, synctest.Log(r))
	r.publisher, err = publish.New(publish.Options{
		Province: province, Pool: r.nationalSync, NATS: nc, Control: control, Tables: replica.Down,
		Limits: synctest.Limits, Patience: 2 * time.Second, Log: synctest.Log(r),
	})
	r.must(err)
	r.stopPublisher = background(r.publisher.Run, control, nc)
}

func (r *rig) startApplier() {
	nc, err := r.leaf.Connect(r.net.ProvinceSeed(province))
	r.must(err)
	control := stream.NewControl(nc, province, stream.Province, synctest.Log(r))
	a, err := apply.New(apply.Options{
		Province: province, Pool: r.provinceSync, NATS: nc, Control: control, Tables: replica.Down, Down: true,
		Limits: synctest.Limits, Retry: 500 * time.Millisecond, Log: synctest.Log(r),
	})
	r.must(err)
	r.stopApplier = background(a.Run, control, nc)
}

func background(run func(context.Context), control *stream.Control, nc *nats.Conn) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	return func() { cancel(); <-done; control.Close(); nc.Close() }
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) exec(on *pgxpool.Pool, sql string, args ...any) {
	r.Helper()
	if _, err := on.Exec(r.Context(), sql, args...); err != nil {
		r.Fatalf("%s: %v", sql, err)
	}
}

// change makes one transaction at headquarters, as the portal does: it raises the version, adds rows
// for all, for the province and for another one, changes one and expires one.
func (r *rig) change(rows int) {
	r.Helper()
	r.next++
	tx, err := r.national.Begin(r.Context())
	r.must(err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	var version int64
	r.must(tx.QueryRow(r.Context(), `UPDATE sync.master SET version = version + 1, changed_at = now() RETURNING version`).Scan(&version))
	for _, sql := range []string{
		`INSERT INTO ref.code (province, list, code, name_zh, name_en, position, version)
			SELECT p, 'list', $2 || '-' || g, CASE p WHEN ` + fmt.Sprint(other) + ` THEN '` + canary + `' ELSE repeat('名', 20) END, 'n', g, $1
			FROM unnest('{0,` + fmt.Sprint(province, ",", other) + `}'::int2[]) p, generate_series(1, $3) g`,
		`UPDATE ref.code SET name_en = $2, version = $1, changed_at = now() WHERE id = (SELECT min(id) FROM ref.code WHERE expired_at IS NULL) AND $3 > 0`,
		`UPDATE ref.code SET expired_at = now(), version = $1, changed_at = now() WHERE id = (SELECT max(id) - 1 FROM ref.code WHERE version < $1) AND $2 <> '' AND $3 > 0`,
	} {
		_, err := tx.Exec(r.Context(), sql, version, fmt.Sprintf("c%d-%d", r.next, rand.Int()), rows)
		r.must(err)
	}
	r.must(tx.Commit(r.Context()))
}

// settle waits until the province has the newest version and the same rows in every table.
func (r *rig) settle(what string) {
	r.Helper()
	const at = `SELECT epoch::text || '/' || (lsn - '0/0')::text FROM sync.position`
	var want, got, differs string
	for deadline := time.Now().Add(synctest.Patience); ; {
		r.must(r.national.QueryRow(r.Context(), `SELECT epoch::text || '/' || version FROM sync.master`).Scan(&want))
		_ = r.province.QueryRow(r.Context(), at).Scan(&got) // there is no row before the first session
		// The same version with other rows is there between a restore and the epoch that it begins.
		if got == want {
			if differs = r.difference(); differs == "" {
				return
			}
		}
		if time.Now().After(deadline) {
			r.Fatalf("%s: the province is at %s, headquarters at %s: %+v %s", what, got, want, r.publisher.Status(), differs)
		}
		time.Sleep(5 * time.Millisecond) // the other database gives no signal
	}
}

func (r *rig) difference() string {
	r.Helper()
	for _, t := range replica.Down {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		query := fmt.Sprintf("SELECT %s FROM %s WHERE province IN (0, %d) ORDER BY id", strings.Join(names, ", "), t.Qualified(), province)
		if a, b := r.dump(r.national, query), r.dump(r.province, strings.Replace(query, fmt.Sprintf("WHERE province IN (0, %d)", province), "", 1)); a != b {
			return fmt.Sprintf("%s differs\nheadquarters:\n%.2000s\nprovince:\n%.2000s", t.Qualified(), a, b)
		}
	}
	return ""
}

func (r *rig) epoch() (n int64) {
	r.Helper()
	r.must(r.national.QueryRow(r.Context(), `SELECT epoch FROM sync.master`).Scan(&n))
	return n
}

func (r *rig) dump(pool *pgxpool.Pool, query string) string {
	r.Helper()
	conn, err := pool.Acquire(r.Context())
	r.must(err)
	defer conn.Release()
	var out bytes.Buffer
	_, err = conn.Conn().PgConn().CopyTo(r.Context(), &out, "COPY ("+query+") TO STDOUT")
	r.must(err)
	return out.String()
}

// The tables that a backup holds, and a restore brings back together.
var (
	nationalTables = strings.Fields("sync.master sync.published sync.receiver ref.product ref.code ref.class ref.key_account ref.selection_policy ref.notice")
	provinceTables = strings.Fields("sync.position sync.province_state ref.product ref.code ref.class ref.key_account ref.selection_policy ref.notice")
)

func (r *rig) backup(on *pgxpool.Pool, tables []string) {
	r.exec(on, `DROP SCHEMA IF EXISTS backup CASCADE`)
	r.exec(on, `CREATE SCHEMA backup`)
	for _, t := range tables {
		r.exec(on, fmt.Sprintf(`CREATE TABLE backup.%s AS TABLE %s`, strings.Replace(t, ".", "_", 1), t))
	}
}

func (r *rig) restore(on *pgxpool.Pool, tables []string) {
	r.exec(on, `TRUNCATE `+strings.Join(tables, ", ")+` RESTART IDENTITY`)
	for _, t := range tables {
		r.exec(on, fmt.Sprintf(`INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE backup.%s`, t, strings.Replace(t, ".", "_", 1)))
	}
	if len(tables) == len(nationalTables) { // ids are used again, as after a real restore
		r.exec(on, `SELECT setval('ref.code_id_seq', coalesce(max(id), 0) + 1) FROM ref.code`)
	}
}

func (r *rig) wipe(publisher, applier bool) {
	if publisher { // the hub's store
		r.stopPublisher()
		nc := r.net.National(province)
		js, err := jetstream.New(nc)
		r.must(err)
		for name := range js.StreamNames(r.Context()).Name() {
			r.must(js.DeleteStream(r.Context(), name))
		}
		r.startPublisher()
	}
	if applier {
		r.stopApplier()
		r.leaf.Shutdown()
		r.must(os.RemoveAll(r.leafDir))
		r.leaf = r.net.Leaf(province, r.leafDir)
		r.startApplier()
	}
}

// TestDownExactlyThis compares both sides, and looks at every message for rows of another province.
func TestDownExactlyThis(t *testing.T) {
	r := newRig(t)
	r.settle("nothing yet")
	r.change(3)
	r.exec(r.national, `INSERT INTO ref.product (code, name_zh, name_en, family, unit, monthly_fee_fen, status, effective_on, version)
		SELECT 'P' || g, repeat('品', 300), 'x', 'line', 'month', g, 'active', '2026-01-01', (SELECT version + 1 FROM sync.master) FROM generate_series(1, 3000) g`)
	r.exec(r.national, `UPDATE sync.master SET version = version + 1`) // one transaction of several messages
	r.change(3)
	r.settle("changes")

	js, err := jetstream.New(bustest.Connect(t, r.leaf, r.net.ProvinceSeed(province)))
	r.must(err)
	name, err := js.StreamNameBySubject(t.Context(), "nothing") // it has no subjects: what arrives is sourced
	if err == nil {
		t.Fatalf("stream %s takes subjects", name)
	}
	leaf := bustest.Connect(t, r.leaf, r.net.ProvinceSeed(province))
	hub, err := stream.FindHub(t.Context(), leaf, province)
	r.must(err)
	names, err := stream.HubStreams(t.Context(), leaf, hub)
	r.must(err)
	s, err := js.Stream(t.Context(), names[0])
	r.must(err)
	last, chunks := s.CachedInfo().State.LastSeq, 0
	for n := uint64(1); n <= last; n++ {
		raw, err := s.GetMsg(t.Context(), n)
		r.must(err)
		m, err := wire.Decode(raw.Data)
		r.must(err)
		for _, part := range m.Parts {
			if !part.Last {
				chunks++
			}
			for _, c := range part.Changes {
				if bytes.Contains(c.Data, []byte(canary)) {
					t.Fatalf("message %d carries a row of another province", n)
				}
			}
		}
	}
	if chunks == 0 {
		t.Error("no transaction was cut: the large one did not test it")
	}
	if n := strings.Count(r.dump(r.national, `SELECT name_zh FROM ref.code`), canary); n == 0 {
		t.Error("headquarters has no canary")
	}
	if got := r.publisher.Status(); got.Error != "" || got.Applied != got.Version || got.Published != got.Version {
		t.Errorf("the publisher shows %+v", got)
	}
}

// TestDownRecovers does to both sides what may happen to them, each time with changes before, while
// and after it.
func TestDownRecovers(t *testing.T) {
	r := newRig(t)
	r.change(2)
	r.settle("first change")
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"the province is off-line while headquarters changes much and starts again", func() {
			r.stopApplier()
			r.leaf.Shutdown()
			for range 20 {
				r.change(1)
			}
			r.stopPublisher()
			r.startPublisher()
			r.change(1)
			r.leaf = r.net.Leaf(province, r.leafDir)
			r.startApplier()
		}},
		{"publisher stopped", func() { r.stopPublisher(); r.change(1); r.startPublisher() }},
		{"apply stopped", func() { r.stopApplier(); r.change(1); r.startApplier() }},
		{"hub's store wiped while the province is away", func() {
			r.stopApplier()
			r.change(1)
			r.wipe(true, false)
			r.change(1)
			r.startApplier()
		}},
		{"hub's store wiped", func() { r.wipe(true, false) }},
		{"leaf server's store wiped before it was read", func() {
			r.stopApplier()
			r.change(1)
			r.startApplier()
			r.wipe(false, true)
		}},
		{"both stores wiped", func() { r.wipe(true, true) }},
		{"headquarters restored", func() {
			r.backup(r.national, nationalTables)
			r.change(2)
			r.settle("before the restore")
			r.stopPublisher()
			r.restore(r.national, nationalTables)
			r.change(3) // versions and ids are used again
			r.startPublisher()
		}},
		{"headquarters restored and the hub's store wiped", func() {
			r.backup(r.national, nationalTables)
			r.change(2)
			r.settle("before the restore")
			r.stopPublisher()
			r.restore(r.national, nationalTables)
			r.startPublisher()
			r.wipe(true, false)
		}},
		{"province restored", func() {
			r.backup(r.province, provinceTables)
			for range 3 {
				r.change(1)
			}
			r.settle("before the restore")
			r.stopApplier()
			r.restore(r.province, provinceTables)
			r.startApplier()
		}},
		{"province restored and its leaf server's store wiped", func() {
			r.backup(r.province, provinceTables)
			r.change(1)
			r.settle("before the restore")
			r.stopApplier()
			r.restore(r.province, provinceTables)
			r.startApplier()
			r.wipe(false, true)
		}},
	} {
		began, epoch := time.Now(), r.epoch()
		c.do()
		r.settle(c.name)
		if restored := strings.HasPrefix(c.name, "headquarters restored"); restored != (r.epoch() > epoch) {
			t.Errorf("%s: epoch %d, before %d", c.name, r.epoch(), epoch)
		}
		r.change(1)
		r.settle(c.name + ", and a change after it")
		t.Logf("%s: %s", c.name, time.Since(began).Round(time.Millisecond))
	}
}
