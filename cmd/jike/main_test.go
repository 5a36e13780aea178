package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/national/reference"
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
	if err := run(t.Context(), []string{"reconcile", "591", "--config", nationalFile}); err == nil {
		t.Error("a node that does not run was asked to reconcile")
	}
	start(t, portal, "province", "--config", provinceFile)
	start(t, headquarters, "national", "--config", nationalFile)
	must(t, "seed", "--config", provinceFile, "--customers=300", "--seed=3", "--accounts")
	withInput(t, "Spring-rain-88\n", func() {
		must(t, "admin", "account", "--level=national", "--config", nationalFile, "--login=analyst", "--name=分析员", "--role=headquarters_analyst")
	})
	must(t, "seed", "--national", nationalFile, "--seed=3")
	comeDown(t, national, province)                                 // which moves customers into the selection
	must(t, "reconcile", "591", "--wait", "--config", nationalFile) // a run of the new epoch may be going on

	there, here := count(t, province, `SELECT count(*) FROM crm.customer WHERE national`), count(t, national, `SELECT count(*) FROM crm.customer`)
	if there == 0 || there != here {
		t.Errorf("%d customers are selected, headquarters has %d", there, here)
	}
	if n := count(t, national, `SELECT count(*) FROM sync.certificate WHERE result = 'clean'`); n < 1 {
		t.Error("no clean certificate")
	}
	if err := run(t.Context(), []string{"reconcile", "571", "--config", nationalFile}); err == nil {
		t.Error("a province that headquarters does not know was reconciled")
	}
	must(t, "reconcile", "591", "--wait", "--table=crm.customer", "--from=1", "--resync", "--config", nationalFile)
	must(t, "reconcile", "key", filepath.Join(dir, "national"))
	must(t, "reconcile", "export", "591", "--since=2026-01-01", "--config", nationalFile)
	if err := run(t.Context(), []string{"reconcile", "cancel", "1", "--config", nationalFile}); err == nil {
		t.Error("a run that has ended was canceled")
	}
	proveTrails(t, provinceFile, nationalFile, province)
	operate(t, nationalFile, province, national)
	operateDown(t, provinceFile, province, national)
}

// proveTrails verifies the trail of both nodes, and then one in which somebody has changed a line.
func proveTrails(t *testing.T, provinceFile, nationalFile string, province *pgtest.DB) {
	t.Helper()
	eventually(t, "a seal", func() bool { return count(t, province, `SELECT count(*) FROM audit.seal`) > 0 })
	for level, file := range map[string]string{"province": provinceFile, "national": nationalFile} {
		if got := printed(t, "audit", "verify", "--level", level, "--config", file); !strings.Contains(got, "lines hold") {
			t.Errorf("trail of the %s node:\n%s", level, got)
		}
	}
	owner := province.Owner(t)
	const sealed = ` WHERE id = (SELECT min(l.id) FROM audit.line l, audit.seal s WHERE l.xid >= s.from_xid AND l.xid < s.to_xid)`
	change(t, owner, `UPDATE audit.line SET actor = actor || '!'`+sealed)
	if err := run(t.Context(), []string{"audit", "verify", "--config", provinceFile}); err == nil || !strings.Contains(err.Error(), "audit seal") {
		t.Errorf("a changed line is not found: %v", err)
	}
	change(t, owner, `UPDATE audit.line SET actor = left(actor, -1)`+sealed)
	_, noted, _ := strings.Cut(strings.TrimSpace(printed(t, "audit", "verify", "--config", provinceFile)), "last seal ")
	must(t, "audit", "verify", "--noted", noted, "--config", provinceFile)
	if err := run(t.Context(), []string{"audit", "verify", "--noted", strings.Repeat("0", 64), "--config", provinceFile}); err == nil {
		t.Error("a seal that is gone is not missed")
	}
}

// operateDown does what an operator does when a province's database refuses reference data.
func operateDown(t *testing.T, file string, province, national *pgtest.DB) {
	t.Helper()
	here, there := national.Owner(t), province.Owner(t)
	sync := func(args ...string) []string {
		return append(append([]string{"sync"}, args...), "--level=province", "--config", file)
	}
	if got := printed(t, sync("status")...); !strings.Contains(got, "591") || !strings.Contains(got, "running") {
		t.Errorf("status:\n%s", got)
	}
	if err := run(t.Context(), sync("repair", "571")); err == nil || !strings.Contains(err.Error(), "591") {
		t.Errorf("another province was repaired: %v", err)
	}
	publish := func(name string) {
		change(t, here, `WITH v AS (UPDATE sync.master SET version = version + 1, changed_at = now() RETURNING version)
			INSERT INTO ref.code (province, list, code, name_zh, name_en, position, version) SELECT 0, 'test', '`+name+`', '`+name+`', '', 1, version FROM v`)
	}
	change(t, there, `ALTER TABLE ref.code ADD CONSTRAINT name_is_not_refused CHECK (name_zh <> 'refused')`)
	publish("refused")
	eventually(t, "the version is parked", func() bool { return number(t, there, `SELECT count(*) FROM sync.parked`) == 1 })
	id := fmt.Sprint(number(t, there, `SELECT id FROM sync.parked`))
	key := fmt.Sprint(number(t, there, `SELECT key FROM sync.dirty`))
	for what, args := range map[string][]string{
		"name_is_not_refused": {"parked"}, key: {"parked", "show", id}, `"relation": "ref.code"`: {"parked", "show", "--json", id},
	} {
		if got := printed(t, sync(args...)...); !strings.Contains(got, what) {
			t.Errorf("jike sync %v does not show %s:\n%s", args, what, got)
		}
	}
	publish("the rest goes on")
	eventually(t, "what follows is applied", func() bool {
		return number(t, there, `SELECT count(*) FROM ref.code WHERE name_zh = 'the rest goes on'`) == 1
	})
	if err := run(t.Context(), sync("release", "591", id)); err == nil || !strings.Contains(err.Error(), "dirty") {
		t.Errorf("dirty keys were released without accepting them: %v", err)
	}
	change(t, there, `ALTER TABLE ref.code DROP CONSTRAINT name_is_not_refused`)
	must(t, sync("repair", "591")...)
	eventually(t, "the rows are as headquarters has them", func() bool {
		return number(t, there, `SELECT count(*) FROM sync.parked WHERE outcome = 'repaired'`) == 1 &&
			number(t, there, `SELECT count(*) FROM sync.dirty`) == 0 &&
			number(t, there, `SELECT count(*) FROM ref.code`) == number(t, here, `SELECT count(*) FROM ref.code WHERE province IN (0, 591)`)
	})
	if err := run(t.Context(), sync("repair", "591")); err == nil || !strings.Contains(err.Error(), "parked") {
		t.Errorf("nothing was repaired: %v", err)
	}
	must(t, sync("pause", "591")...)
	publish("waits")
	eventually(t, "it is paused", func() bool { return strings.Contains(printed(t, sync("status")...), "paused") })
	must(t, sync("resume", "591")...)
	eventually(t, "it goes on", func() bool { return number(t, there, `SELECT count(*) FROM ref.code WHERE name_zh = 'waits'`) == 1 })
}

// operate does what an operator does when headquarters' database refuses a row.
func operate(t *testing.T, file string, province, national *pgtest.DB) {
	t.Helper()
	here, there := national.Owner(t), province.Owner(t)
	if got := printed(t, "sync", "status", "--config", file); !strings.Contains(got, "591") || !strings.Contains(got, "running") {
		t.Errorf("status:\n%s", got)
	}
	for _, args := range [][]string{{"pause", "571"}, {"parked", "571"}, {"repair", "571"}} {
		if err := run(t.Context(), append(append([]string{"sync"}, args...), "--config", file)); err == nil {
			t.Errorf("%v of a province that headquarters does not know", args)
		}
	}
	err := run(t.Context(), []string{"sync", "pause", "--config", file, "571"})
	if err == nil || !strings.Contains(err.Error(), "591") {
		t.Errorf("the error does not say which provinces there are: %v", err)
	}
	change(t, here, `ALTER TABLE crm.customer_591 ADD CONSTRAINT name_is_not_refused CHECK (name <> 'refused')`)
	change(t, there, `UPDATE crm.customer SET name = 'refused' WHERE id = (SELECT min(id) FROM crm.customer WHERE national)`)
	eventually(t, "the transaction is parked", func() bool { return number(t, here, `SELECT count(*) FROM sync.parked`) == 1 })
	change(t, there, `UPDATE crm.customer SET name = 'mended' WHERE name = 'refused'`)
	eventually(t, "the change of the dirty key is skipped", func() bool { return number(t, here, `SELECT skipped FROM sync.dirty`) == 1 })
	id := fmt.Sprint(number(t, here, `SELECT id FROM sync.parked`))
	key := fmt.Sprint(number(t, here, `SELECT key FROM sync.dirty`))
	for what, args := range map[string][]string{
		"name_is_not_refused": {"parked", "591"}, key: {"parked", "show", id}, `"relation": "crm.customer"`: {"parked", "show", "--json", id},
		`"dirty": 1`: {"status", "--json"},
	} {
		args = append([]string{"sync"}, append(args, "--config", file)...)
		if got := printed(t, args...); !strings.Contains(got, what) {
			t.Errorf("jike %v does not show %s:\n%s", args, what, got)
		}
	}
	if err := run(t.Context(), []string{"sync", "release", "--config", file, "591", id}); err == nil || !strings.Contains(err.Error(), "dirty") {
		t.Errorf("dirty keys were released without accepting them: %v", err)
	}
	must(t, "sync", "pause", "--config", file, "591", "--reason=maintenance")
	eventually(t, "it is paused", func() bool {
		return strings.Contains(printed(t, "sync", "status", "--config", file), "maintenance")
	})
	must(t, "sync", "resume", "--config", file, "591")
	must(t, "sync", "repair", "--config", file, "591")
	eventually(t, "the key is repaired", func() bool {
		return number(t, here, `SELECT count(*) FROM sync.parked WHERE outcome = 'repaired'`) == 1 &&
			number(t, here, `SELECT count(*) FROM crm.customer WHERE name = 'mended'`) == 1
	})
	if err := run(t.Context(), []string{"sync", "release", "--config", file, "591", id}); err == nil || !strings.Contains(err.Error(), "parked") {
		t.Errorf("what is repaired was released: %v", err)
	}
	if got := printed(t, "sync", "parked", "--config", file); !strings.Contains(got, "nothing") {
		t.Errorf("after the repair:\n%s", got)
	}
}

// printed runs a command and gives what it prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = was }()
	must(t, args...)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func change(t *testing.T, db *pgxpool.Pool, statement string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what happens in a node that is observed from outside.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !f(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// comeDown waits until the reference data is in the province, the key accounts are matched, and a
// selection policy of headquarters', which says what holds already, is the one in force.
func comeDown(t *testing.T, national, province *pgtest.DB) {
	t.Helper()
	here, there := national.Owner(t), province.Owner(t)
	policies, err := reference.KindOf("policies")
	if err != nil {
		t.Fatal(err)
	}
	_, err = reference.NewStore(national.App(t)).Create(t.Context(), account.System("test"), policies, reference.Draft{Values: map[string]any{
		"number": "12", "rule": `{"classes":["A1","A2","B1","B2"],"crossProvince":true}`, "effectiveAt": "2026-01-01T00:00:00Z",
	}})
	if err != nil {
		t.Fatal(err)
	}
	listed := number(t, here, `SELECT count(*) FROM ref.key_account`)
	eventually(t, "the reference data comes down", func() bool {
		return number(t, there, `SELECT count(*) FROM ref.product`) > 0 && number(t, there, `SELECT count(*) FROM ref.key_account`) == listed
	})
	eventually(t, "headquarters knows what the province has", func() bool {
		return number(t, here, `SELECT count(*) FROM sync.receiver r JOIN sync.master m ON m.epoch = r.applied_epoch AND m.version = r.applied_version`) == 1
	})
	eventually(t, "the customers are matched with the key accounts", func() bool {
		return number(t, there, `SELECT count(*) FROM crm.customer WHERE key_account_id IS NOT NULL`) == listed
	})
	eventually(t, "headquarters' selection policy is in force", func() bool {
		return number(t, there, `SELECT count(*) FROM crm.selection_policy WHERE national_number = 12 AND state = 'in_force'`) == 1
	})
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

func count(t *testing.T, db *pgtest.DB, query string) int {
	t.Helper()
	return number(t, db.Owner(t), query)
}

func number(t *testing.T, db *pgxpool.Pool, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
