package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/sql"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestMigratedDatabasesOfBothLevels(t *testing.T) {
	for _, db := range []*pgtest.DB{pgtest.Province(t), pgtest.National(t)} {
		var n int
		err := db.App(t).QueryRow(t.Context(), "SELECT count(*) FROM crm.customer").Scan(&n)
		if err != nil || n != 0 {
			t.Errorf("%s: %d customers, %v", db.Name, n, err)
		}
	}
}

// A node that comes with a newer schema to a database with rows in it leaves the planner with statistics.
func TestAnOlderDatabaseIsAnalyzed(t *testing.T) {
	db := pgtest.Province(t)
	conn, err := pgx.Connect(t.Context(), db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	m, err := migrate.NewMigrator(t.Context(), conn, "public.schema_version_province")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(sql.Files, "province")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadMigrations(files); err != nil {
		t.Fatal(err)
	}
	if err := m.MigrateTo(t.Context(), int32(len(m.Migrations)-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `INSERT INTO crm.organisation (kind, code, name, path) VALUES ('province', 'x', 'x', '/')`); err != nil {
		t.Fatal(err)
	}
	known := func() (n int) {
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stats WHERE schemaname = 'crm' AND tablename = 'organisation'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := known()
	if err := pg.Migrate(t.Context(), db.OwnerURL, pg.Province); err != nil {
		t.Fatal(err)
	}
	if after := known(); before != 0 || after == 0 {
		t.Errorf("%d columns with statistics before the migration, %d after it", before, after)
	}
}

func TestOnlySyncMayEmitLogicalMessages(t *testing.T) {
	db := pgtest.Province(t)
	const emit = "SELECT pg_logical_emit_message(true, 'jike', 'x')"
	if _, err := db.App(t).Exec(t.Context(), emit); err == nil {
		t.Error("jike_app could emit a logical message, and so forge a repair")
	}
	if _, err := db.Sync(t).Exec(t.Context(), emit); err != nil {
		t.Errorf("jike_sync: %v", err)
	}
}

func TestSavepointUndoesOnlyItself(t *testing.T) {
	db := pgtest.Province(t)
	pool := db.App(t)
	boom := errors.New("boom")
	insert := func(tx pg.Tx, code string) error {
		_, err := tx.PGX().Exec(t.Context(), "INSERT INTO crm.organisation (kind, code, name, path) VALUES ('province', $1, 'x', '/')", code)
		return err
	}
	err := pg.InTx(t.Context(), pool, func(tx pg.Tx) error {
		if err := insert(tx, "kept"); err != nil {
			return err
		}
		err := pg.InSavepoint(t.Context(), tx, func(tx pg.Tx) error {
			if err := insert(tx, "undone"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("savepoint returned %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	if err := pool.QueryRow(t.Context(), "SELECT array_agg(code) FROM crm.organisation").Scan(&codes); err != nil {
		t.Fatal(err)
	}
	if len(codes) != 1 || codes[0] != "kept" {
		t.Fatalf("rows %v, want [kept]", codes)
	}
}

func TestClusterSurvivesKillAndIsAttachedTo(t *testing.T) {
	dir := filepath.Join(pgtest.Dir(t), "pg")
	first, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), first.URL(pg.RoleOwner, pg.Database), pg.Province); err != nil {
		t.Fatal(err)
	}
	second, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if second.PID() != 0 {
		t.Fatal("a second process started the same cluster again")
	}
	first.Kill()
	third, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), third.URL(pg.RoleOwner, pg.Database), pg.Province); err != nil {
		t.Fatalf("migrating again: %v", err)
	}
	if err := third.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestUnreachableDirectoryIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root starts the server as another user
	}
	closed := filepath.Join(pgtest.Dir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: filepath.Join(closed, "pg")})
	if err == nil || !strings.Contains(err.Error(), closed) {
		t.Fatalf("want an error that names %s, got %v", closed, err)
	}
}

func TestKilledClusterLeavesNoBackendAndStartsAgain(t *testing.T) {
	o := pg.ClusterOptions{Dir: filepath.Join(pgtest.Dir(t), "pg"), Log: slog.New(slog.DiscardHandler)}
	c, err := pg.StartCluster(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), pg.ClusterURL(o.Dir, pg.RoleApp, pg.Database))
	if err != nil {
		t.Fatal(err)
	}
	backend := int(conn.PgConn().PID())
	c.Kill()
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a backend answers after Kill")
	}
	// What is dead and not yet buried by init is a zombie, without a command line.
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", backend)); err == nil && len(line) > 0 {
		t.Errorf("backend %d still runs: %s", backend, line)
	}
	again, err := pg.StartCluster(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A server that was killed may leave a process that takes its time to end: the next one waits for it.
func TestClusterWaitsForWhatAKilledOneLeftBehind(t *testing.T) {
	o := pg.ClusterOptions{Dir: filepath.Join(pgtest.Dir(t), "pg"), Log: slog.New(slog.DiscardHandler)}
	c, err := pg.StartCluster(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), pg.ClusterURL(o.Dir, pg.RoleApp, pg.Database))
	if err != nil {
		t.Fatal(err)
	}
	backend := int(conn.PgConn().PID())
	if err := errors.Join(syscall.Kill(backend, syscall.SIGSTOP), syscall.Kill(c.PID(), syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	type start struct {
		*pg.Cluster
		err error
	}
	started := make(chan start)
	go func() {
		again, err := pg.StartCluster(context.Background(), o)
		started <- start{again, err}
	}()
	for met := false; !met; {
		log, err := os.ReadFile(o.Dir + ".log")
		if err != nil {
			t.Fatal(err)
		}
		met = strings.Contains(string(log), "is still in use")
		select {
		case s := <-started:
			t.Fatalf("it did not meet the process that was left: %v", s.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := syscall.Kill(backend, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := <-started
	if s.err != nil {
		t.Fatal(s.err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
