// Package synctest puts a province and headquarters together for tests: two databases, a hub, a
// leaf server, and capture and apply between them, all in one process and each to be stopped and
// started by itself. What both sides hold is compared by plain SQL, without the product's digest.
package synctest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/wire"
)

// Province is the code of the province under test.
const Province = 591

// Patience is how long a test waits for what must come.
const Patience = 30 * time.Second

// Pair is a province and headquarters.
type Pair struct {
	testing.TB
	Net                  *bustest.Net
	Leaf                 *bus.Server
	LeafDir              string
	LeafNATS             *nats.Conn
	ProvinceDB, Database *pgtest.DB    // Database is headquarters'
	Source, Target       *pgxpool.Pool // of both, as their owners
	marks                *pgxpool.Pool // the province's, as jike_sync
}

// New makes both databases, hub and leaf, publication and slot. Nothing runs between them yet.
func New(tb testing.TB) *Pair {
	tb.Helper()
	return NewOnHub(tb, bustest.New(tb, Province))
}

// NewSource is New without headquarters' database.
func NewSource(tb testing.TB) *Pair {
	tb.Helper()
	return newSource(tb, bustest.New(tb, Province))
}

// NewOnHub is New on a hub of the test's own; apply is started with ApplyAt.
func NewOnHub(tb testing.TB, net *bustest.Net) *Pair {
	tb.Helper()
	p := newSource(tb, net)
	p.Database = pgtest.National(tb)
	p.Target = p.Database.Owner(tb)
	return p
}

func newSource(tb testing.TB, net *bustest.Net) *Pair {
	p := &Pair{TB: tb, Net: net, LeafDir: tb.TempDir()}
	p.StartLeaf()
	p.UseSource(pgtest.Province(tb))
	return p
}

// UseSource takes a province's database: publication first, then slot.
func (p *Pair) UseSource(db *pgtest.DB) {
	p.Helper()
	p.ProvinceDB = db
	p.Source, p.marks = db.Owner(p), db.Sync(p)
	p.Must(capture.EnsurePublication(p.Context(), db.OwnerURL, replica.Up))
	p.Must(capture.EnsureSlot(p.Context(), db.SyncURL, p.marks))
}

// SlotFree waits until the capture that was stopped has let the province's slot go.
func (p *Pair) SlotFree() {
	p.Helper()
	p.Until("the slot is free", func() bool {
		return p.Int(p.marks, `SELECT count(*)::int FROM pg_replication_slots WHERE active AND database = current_database()`) == 0
	})
}

// DropSlot removes the province's slot.
func (p *Pair) DropSlot() {
	p.Helper()
	p.SlotFree()
	p.Exec(p.marks, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()`)
}

// NewOnCluster is New with a province on a cluster of the test's own, which it may stop, restore and lose.
func NewOnCluster(tb testing.TB, cluster *pg.Cluster) *Pair {
	tb.Helper()
	p := &Pair{TB: tb, Net: bustest.New(tb, Province), LeafDir: tb.TempDir(), Database: pgtest.National(tb)}
	p.Target = p.Database.Owner(tb)
	p.StartLeaf()
	p.UseSource(pgtest.On(tb, cluster, pg.Province))
	return p
}

// Reconnect forgets connections to a province's database that was stopped.
func (p *Pair) Reconnect() {
	p.Source.Reset()
	p.marks.Reset()
}

// StartLeaf starts the leaf server on LeafDir and connects to it.
func (p *Pair) StartLeaf() {
	p.Helper()
	p.Leaf = p.Net.Leaf(Province, p.LeafDir)
	p.LeafNATS = bustest.Connect(p, p.Leaf, p.Net.ProvinceSeed(Province))
}

// HubStream is the name of the hub's stream of an epoch; it waits until there is one.
func (p *Pair) HubStream(epoch int64) (name string) {
	p.Helper()
	nc := bustest.Connect(p, p.Net.Hub, p.Net.NationalSeed(Province))
	defer nc.Close()
	p.Until("the hub has a stream", func() bool {
		names, err := stream.HubStreams(p.Context(), nc, stream.Identity{Province: Province, Epoch: epoch})
		if err != nil || len(names) == 0 {
			return false
		}
		name = names[0]
		return true
	})
	return name
}

// Running is a capture or an apply that runs until Stop or the end of the test.
type Running[T any] struct {
	It   T
	Err  func() error // how Run ended, after Stop
	stop func()
}

// Stop ends it and waits.
func (r *Running[T]) Stop() { r.stop() }

// Capture starts a capture on the leaf server that runs now.
func (p *Pair) Capture(change ...func(*capture.Options)) *Running[*capture.Capture] {
	p.Helper()
	log := Log(p)
	control := stream.NewControl(p.LeafNATS, Province, stream.Province, log)
	pool := open(p.ProvinceDB.SyncURL)
	o := capture.Options{
		Province: Province, URL: p.ProvinceDB.SyncURL, Pool: pool, NATS: p.LeafNATS, Control: control,
		Tables: replica.Up, Heartbeat: 500 * time.Millisecond, Log: log, Limits: Limits,
	}
	for _, f := range change {
		f(&o)
	}
	c, err := capture.New(o)
	p.Must(err)
	return run(p, c, c.Run, func() { control.Close(); pool.Close() })
}

// Limits keep the stores of a test small.
var Limits = stream.Limits{LeafBytes: 256 << 20, HubBytes: 256 << 20}

// Apply starts an apply on the hub that runs now.
func (p *Pair) Apply(change ...func(*apply.Options)) *Running[*apply.Apply] {
	p.Helper()
	log := Log(p)
	nc := bustest.Connect(p, p.Net.Hub, p.Net.NationalSeed(Province))
	return p.applyOn(nc, log, change...)
}

// ApplyAt starts an apply on a hub that runs apart.
func (p *Pair) ApplyAt(url string, change ...func(*apply.Options)) *Running[*apply.Apply] {
	p.Helper()
	nc, err := bus.Dial(url, p.Net.NationalSeed(Province))
	p.Must(err)
	return p.applyOn(nc, Log(p), change...)
}

func (p *Pair) applyOn(nc *nats.Conn, log *slog.Logger, change ...func(*apply.Options)) *Running[*apply.Apply] {
	p.Helper()
	control := stream.NewControl(nc, Province, stream.National, log)
	pool := open(p.Database.SyncURL)
	o := apply.Options{
		Province: Province, Pool: pool, NATS: nc, Control: control, Tables: replica.Up, Limits: Limits,
		Retry: 500 * time.Millisecond, Log: log,
	}
	for _, f := range change {
		f(&o)
	}
	a, err := apply.New(o)
	p.Must(err)
	return run(p, a, func(ctx context.Context) error { a.Run(ctx); return nil }, func() { control.Close(); pool.Close(); nc.Close() })
}

func run[T any](p *Pair, it T, f func(context.Context) error, end func()) *Running[T] {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = f(ctx)
	}()
	r := &Running[T]{It: it, Err: func() error { <-done; return err }}
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-done
		end()
	}
	p.Cleanup(r.stop)
	return r
}

func open(url string) *pgxpool.Pool {
	pool, err := pg.Open(context.Background(), url, 0)
	if err != nil {
		panic(err) // the URL is ours
	}
	return pool
}

// Log writes to the test's log if JIKE_TEST_LOG is set.
func Log(tb testing.TB) *slog.Logger {
	if os.Getenv("JIKE_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Must fails the test for an error.
func (p *Pair) Must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// Exec runs statements one by one.
func (p *Pair) Exec(on *pgxpool.Pool, statements ...string) {
	p.Helper()
	for _, sql := range statements {
		if _, err := on.Exec(p.Context(), sql); err != nil {
			p.Fatalf("%s: %v", sql, err)
		}
	}
}

// Int reads one number.
func (p *Pair) Int(on *pgxpool.Pool, sql string, args ...any) (n int) {
	p.Helper()
	if err := on.QueryRow(p.Context(), sql, args...).Scan(&n); err != nil {
		p.Fatalf("%s: %v", sql, err)
	}
	return n
}

// Text reads one text.
func (p *Pair) Text(on *pgxpool.Pool, sql string, args ...any) (s string) {
	p.Helper()
	if err := on.QueryRow(p.Context(), sql, args...).Scan(&s); err != nil {
		p.Fatalf("%s: %v", sql, err)
	}
	return s
}

// Until waits for what gives no signal here because it happens in another process.
func (p *Pair) Until(what string, f func() bool) {
	p.Helper()
	deadline := time.Now().Add(Patience)
	for !f() {
		if time.Now().After(deadline) {
			p.Fatalf("waited %s in vain: %s", Patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Mark puts a transaction into the province's log and gives a position that only it passes.
func (p *Pair) Mark() wire.LSN {
	p.Helper()
	lsn, err := wire.ParseLSN(p.Text(p.marks,
		`SELECT pg_logical_emit_message(true, 'jike.heartbeat', int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint))::text`))
	p.Must(err)
	return lsn
}

// Settle waits until headquarters has everything that is committed in the province now, repairs
// included.
func (p *Pair) Settle() {
	p.Helper()
	p.reach()
	p.Until("repairs", func() bool {
		return p.Int(p.Target, `SELECT count(*)::int FROM sync.divergence WHERE repaired_at IS NULL`) == 0
	})
	p.reach()
}

func (p *Pair) reach() {
	p.Helper()
	mark := p.Mark()
	p.Until(fmt.Sprintf("apply %s", mark), func() bool {
		epoch := p.Int(p.marks, `SELECT epoch::int FROM sync.capture`) // positions of another say nothing
		return p.Int(p.Target, `SELECT count(*)::int FROM sync.position WHERE province = $1 AND epoch = $2 AND lsn >= $3::text::pg_lsn`, Province, epoch, mark.String()) == 1
	})
}

// Same fails the test unless headquarters holds exactly the province's selected rows.
func (p *Pair) Same() {
	p.Helper()
	for _, t := range replica.Up {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		list := strings.Join(names, ", ")
		there := p.dump(p.Source, fmt.Sprintf("SELECT %s FROM %s WHERE national ORDER BY %s", list, t.Qualified(), t.Key))
		here := p.dump(p.Target, fmt.Sprintf("SELECT %s FROM %s WHERE province = %d ORDER BY %s", list, t.Qualified(), Province, t.Key))
		if !bytes.Equal(there, here) {
			p.Errorf("%s differs: %d rows in the province, %d at headquarters\n%s", t.Qualified(),
				bytes.Count(there, []byte("\n")), bytes.Count(here, []byte("\n")), firstDifference(there, here))
		}
		if n := p.Int(p.Target, fmt.Sprintf(`SELECT count(*)::int FROM %s WHERE stamp_epoch IS NULL OR stamp_lsn IS NULL`, t.Qualified())); n > 0 {
			p.Errorf("%s: %d rows without a stamp", t.Qualified(), n)
		}
	}
}

func (p *Pair) dump(pool *pgxpool.Pool, query string) []byte {
	p.Helper()
	conn, err := pool.Acquire(p.Context())
	p.Must(err)
	defer conn.Release()
	var out bytes.Buffer
	_, err = conn.Exec(p.Context(), "SET TimeZone = 'UTC'")
	p.Must(err)
	_, err = conn.Conn().PgConn().CopyTo(p.Context(), &out, "COPY ("+query+") TO STDOUT")
	p.Must(err)
	return out.Bytes()
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("province:     %.300s\nheadquarters: %.300s", x[i], y[i])
		}
	}
	return "one is longer"
}
