// Package pgtest gives tests a real PostgreSQL: one cluster per test process with fsync off, copied
// from an image on disk, and a fresh database for each test, cloned from a migrated template, both in
// some tens of milliseconds.
// A missing PostgreSQL fails the test; it never skips.
package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
)

// DB is a fresh database of one level.
type DB struct {
	Cluster                                 *pg.Cluster
	Name                                    string
	OwnerURL, AppURL, SyncURL, SuperuserURL string
}

var (
	mu        sync.Mutex
	shared    *pg.Cluster
	sharedDir string
	count     atomic.Int64
)

// Main runs a package's tests and then stops the shared cluster: call it from TestMain. Without
// it the cluster ends with the process, but its directory stays.
func Main(m *testing.M) {
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if shared != nil {
		_ = shared.Stop(context.Background())
		_ = os.RemoveAll(sharedDir) // a test directory: nothing to report
	}
	os.Exit(code)
}

// Province gives a fresh province database.
func Province(tb testing.TB) *DB { tb.Helper(); return fresh(tb, pg.Province) }

// National gives a fresh national database.
func National(tb testing.TB) *DB { tb.Helper(); return fresh(tb, pg.National) }

// Cluster starts a cluster of the test's own, with fsync on, for tests that kill or restart it.
func Cluster(tb testing.TB, settings map[string]string) *pg.Cluster {
	tb.Helper()
	dir := filepath.Join(Dir(tb), "pg")
	Prepare(tb, dir)
	c, err := pg.StartCluster(tb.Context(), pg.ClusterOptions{Dir: dir, Settings: settings, Log: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Stop(context.Background()) }) // the test may have killed it
	return c
}

// Prepare makes dir, which is not there yet, a cluster for tests that start it themselves.
func Prepare(tb testing.TB, dir string) {
	tb.Helper()
	if err := copyImage(tb.Context(), dir); err != nil {
		tb.Fatal(err)
	}
}

// Dir is a temporary directory that the server's user can enter, which tb.TempDir is not when
// root runs the tests.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := tempDir()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// On makes a fresh database on a cluster of the test's own, which comes from Cluster or Prepare.
func On(tb testing.TB, c *pg.Cluster, level pg.Level) *DB {
	tb.Helper()
	db := describe(c, fmt.Sprintf("jike_%s_%d", level, count.Add(1)))
	if err := c.CreateDatabase(tb.Context(), db.Name, templates[level]); err != nil {
		tb.Fatal(err)
	}
	return db
}

// App opens a pool as jike_app, closed when the test ends.
func (db *DB) App(tb testing.TB) *pgxpool.Pool { tb.Helper(); return open(tb, db.AppURL) }

// Owner opens a pool as jike_owner, closed when the test ends.
func (db *DB) Owner(tb testing.TB) *pgxpool.Pool { tb.Helper(); return open(tb, db.OwnerURL) }

// Sync opens a pool as jike_sync, closed when the test ends.
func (db *DB) Sync(tb testing.TB) *pgxpool.Pool { tb.Helper(); return open(tb, db.SyncURL) }

func open(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	pool, err := pg.Open(context.Background(), url, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

func fresh(tb testing.TB, level pg.Level) *DB {
	tb.Helper()
	c := cluster(tb)
	db := On(tb, c, level)
	tb.Cleanup(func() { drop(c, db.Name) })
	return db
}

// drop removes a database with its slots; a test that left a connection open does not stop it.
func drop(c *pg.Cluster, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
	if err != nil {
		return // the cluster is gone, and the database with it
	}
	defer func() { _ = conn.Close(ctx) }()
	// Best effort: what is left goes with the cluster's directory. But a slot's name is one for the
	// whole cluster: one that stayed would keep every later test from making its own.
	for left := 1; left > 0 && ctx.Err() == nil; {
		_, _ = conn.Exec(ctx, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active", name)
		_, _ = conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active", name)
		if err := conn.QueryRow(ctx, "SELECT count(*), pg_sleep(0.01)::text FROM pg_replication_slots WHERE database = $1", name).Scan(&left, new(string)); err != nil {
			return
		}
	}
	_, _ = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

// cluster is that of the process.
func cluster(tb testing.TB) *pg.Cluster {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	if shared != nil {
		return shared
	}
	dir, err := tempDir()
	if err != nil {
		tb.Fatal(err)
	}
	Prepare(tb, filepath.Join(dir, "pg"))
	c, err := pg.StartCluster(context.Background(), pg.ClusterOptions{
		Dir: filepath.Join(dir, "pg"), NoSync: true, Log: quiet(),
		Settings: map[string]string{"max_replication_slots": "40", "max_wal_senders": "40", "max_connections": "300"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	shared, sharedDir = c, dir
	return c
}

func describe(c *pg.Cluster, name string) *DB {
	return &DB{
		Cluster: c, Name: name,
		OwnerURL: c.URL(pg.RoleOwner, name), AppURL: c.URL(pg.RoleApp, name),
		SyncURL: c.URL(pg.RoleSync, name), SuperuserURL: c.SuperuserURL(name),
	}
}

func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "jike-test-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
