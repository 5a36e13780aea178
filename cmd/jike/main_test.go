package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestNodesOnServersThatRunApart points both nodes at PostgreSQL clusters, a hub and a leaf server
// that were started apart, and does with the commands what an operator does.
func TestNodesOnServersThatRunApart(t *testing.T) {
	dir := pgtest.Dir(t)
	national, province := cluster(t), cluster(t)
	seed := func(name string) bus.Seed {
		s, err := bus.EnsureSeed(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	up, down := seed("591.nk"), seed("national-591.nk")
	hub := bus.HubOptions{
		Dir: filepath.Join(dir, "hub"), LeafListen: bustest.FreeAddress(t), ClientListen: bustest.FreeAddress(t),
		Members: []bus.Member{{Province: 591, Leaf: up.Public(), National: down.Public()}},
	}
	leaf := bus.LeafOptions{
		Dir: filepath.Join(dir, "leaf"), Province: 591, Seed: up, Hubs: []string{"nats-leaf://" + hub.LeafListen},
		ClientListen: bustest.FreeAddress(t),
	}
	hubURL := bustest.Apart(t, filepath.Join(dir, "hub.conf"), bus.HubConfig(hub), hub.ClientListen).URL
	leafURL := bustest.Apart(t, filepath.Join(dir, "leaf.conf"), bus.LeafConfig(leaf), leaf.ClientListen).URL

	portal, headquarters := bustest.FreeAddress(t), bustest.FreeAddress(t)
	provinceFile := write(t, dir, "591.yaml", fmt.Sprintf(`
code: 591
data: %s/591
log: warn
http: {listen: %q}
xml: {listen: %q}
postgres: {owner_url: %q, app_url: %q, sync_url: %q}
nats: {url: %q, seed_file: %s/591.nk}
sync: {heartbeat: 1s}
`, dir, portal, bustest.FreeAddress(t), province.OwnerURL, province.AppURL, province.SyncURL, leafURL, dir))
	nationalFile := write(t, dir, "national.yaml", fmt.Sprintf(`
data: %s/national
log: warn
http: {listen: %q}
postgres: {owner_url: %q, app_url: %q, sync_url: %q}
nats: {url: %q}
provinces:
  - {code: 591, public_key: %s, seed_file: %s/national-591.nk, time_zone: Asia/Shanghai}
`, dir, headquarters, national.OwnerURL, national.AppURL, national.SyncURL, hubURL, up.Public(), dir))

	must(t, "migrate", "--level=province", "--config", provinceFile)
	must(t, "migrate", "--level=national", "--config", nationalFile)
	if err := run(t.Context(), []string{"seed", "--config", provinceFile, "--customers=50"}); err == nil {
		t.Error("a province without publication and slot was seeded")
	}
	if err := run(t.Context(), []string{"reconcile", "--config", nationalFile, "--province=591"}); err == nil {
		t.Error("a node that does not run was asked to reconcile")
	}
	start(t, portal, "province", "--config", provinceFile)
	start(t, headquarters, "national", "--config", nationalFile)
	must(t, "seed", "--config", provinceFile, "--customers=300", "--seed=3", "--accounts")
	withInput(t, "Spring-rain-88\n", func() {
		must(t, "admin", "account", "--level=national", "--config", nationalFile, "--login=analyst", "--name=分析员", "--role=headquarters_analyst")
	})
	must(t, "seed", "--national", nationalFile, "--seed=3")
	must(t, "reconcile", "--config", nationalFile, "--province=591")
	comeDown(t, national, province)

	there, here := count(t, province, `SELECT count(*) FROM crm.customer WHERE national`), count(t, national, `SELECT count(*) FROM crm.customer`)
	if there == 0 || there != here {
		t.Errorf("%d customers are selected, headquarters has %d", there, here)
	}
	if n := count(t, national, `SELECT count(*) FROM sync.certificate WHERE result = 'clean'`); n != 1 {
		t.Errorf("%d clean certificates, want 1", n)
	}
	if err := run(t.Context(), []string{"reconcile", "--config", nationalFile, "--province=571"}); err == nil {
		t.Error("a province that headquarters does not know was reconciled")
	}
}

// comeDown waits until the reference data is in the province and the key accounts are matched.
func comeDown(t *testing.T, national, province *pgtest.DB) {
	t.Helper()
	here, there := national.Owner(t), province.Owner(t)
	const listed = `SELECT count(*) FROM ref.key_account`
	count := func(db *pgxpool.Pool, query string) (n int) {
		if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(60 * time.Second); ; {
		down := count(there, `SELECT count(*) FROM ref.product`) > 0 && count(there, listed) == count(here, listed)
		if down && count(there, `SELECT count(*) FROM crm.customer WHERE key_account_id IS NOT NULL`) == count(there, listed) &&
			count(here, `SELECT count(*) FROM sync.receiver r JOIN sync.master m ON m.epoch = r.applied_epoch AND m.version = r.applied_version`) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the reference data has not come down")
		}
		time.Sleep(50 * time.Millisecond) // the nodes are observed from outside here
	}
}

// cluster starts a PostgreSQL of the test's own, with its database prepared and not migrated.
func cluster(t *testing.T) *pgtest.DB {
	t.Helper()
	c := pgtest.Cluster(t, nil)
	return &pgtest.DB{
		Cluster: c, Name: pg.Database, OwnerURL: c.URL(pg.RoleOwner, pg.Database), AppURL: c.URL(pg.RoleApp, pg.Database),
		SyncURL: c.URL(pg.RoleSync, pg.Database), SuperuserURL: c.SuperuserURL(pg.Database),
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func must(t *testing.T, args ...string) {
	t.Helper()
	if err := run(t.Context(), args); err != nil {
		t.Fatalf("jike %v: %v", args, err)
	}
}

// start runs a node until the test ends and waits until it is ready.
func start(t *testing.T, address string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("jike %v ended with %v", args, err)
		}
	})
	deadline := time.Now().Add(60 * time.Second)
	for {
		if r, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("jike %v ended: %v", args, err)
		case <-time.After(20 * time.Millisecond): // a node is observed from outside here
		}
		if time.Now().After(deadline) {
			t.Fatalf("jike %v is not ready", args)
		}
	}
}

// withInput runs f with text as standard input.
func withInput(t *testing.T, text string, f func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = was }()
	f()
}

func count(t *testing.T, db *pgtest.DB, query string) (n int) {
	t.Helper()
	if err := db.Owner(t).QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
