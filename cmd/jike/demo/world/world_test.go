package world_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/national"
	"jike/cmd/jike/province"
	"jike/internal/account"
	"jike/internal/pg/pgtest"
)

// The test's own binary is what the worlds of these tests start: with a command it is that command.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := command(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func command(ctx context.Context) error {
	var c struct {
		Province province.Cmd `cmd:""`
		National national.Cmd `cmd:""`
		Demo     struct {
			Hub world.HubCmd `cmd:""`
		} `cmd:""`
	}
	return kong.Parse(&c, kong.BindTo(ctx, (*context.Context)(nil))).Run()
}

func mustNew(t *testing.T, o world.Options) *world.World {
	t.Helper()
	o.FreePorts, o.Say = true, t.Logf
	w, err := world.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func mustStart(t *testing.T, w *world.World) {
	t.Helper()
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.AwaitArrival(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// one reads a single value of a database.
func one[T any](t *testing.T, url, query string, arguments ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var v T
	if err := conn.QueryRow(t.Context(), query, arguments...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// mustHaveArrived waits until headquarters has the selected customers, in the version that the
// province has: what comes down from headquarters still changes some of them.
func mustHaveArrived(t *testing.T, w *world.World) {
	t.Helper()
	const keys = `SELECT coalesce(string_agg(id || ' ' || version, ',' ORDER BY id), '') FROM crm.customer WHERE `
	for _, n := range w.Provinces {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) { // two databases give no signal
			want := one[string](t, n.AppURL, keys+"national")
			got := one[string](t, w.National.AppURL, keys+"province = $1", int16(n.Code))
			if want != "" && got == want {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("%s: headquarters has other customers than were selected: %q, want %q", n.Title(), got, want)
				break
			}
		}
	}
}

func TestWorldIsFilledStoppedAndResumed(t *testing.T) {
	t.Parallel()
	o := world.Options{Dir: pgtest.Dir(t), Customers: 150}
	w := mustNew(t, o)
	if _, err := world.New(o); !errors.Is(err, world.ErrBusy) {
		t.Errorf("a second world on the directory: %v", err)
	}
	mustStart(t, w)
	mustHaveArrived(t, w)
	for _, role := range []account.Role{account.AccountManager, account.DepartmentHead, account.ProvinceAdministrator} {
		if a := w.Province(571).Account(role); a.Login == "" || a.Password != world.Password {
			t.Errorf("%s: %+v", role, a)
		}
	}
	secret, err := w.Province(591).Partner.Secret()
	if err != nil || len(secret) < 16 {
		t.Errorf("secret of %d bytes, %v", len(secret), err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(w.National.Portal + "/healthz"); err == nil {
		t.Error("headquarters answers after Stop")
	}

	o.Customers = 9999 // its data has its own number
	again := mustNew(t, o)
	mustStart(t, again)
	if n := one[int64](t, again.Province(591).AppURL, "SELECT count(*) FROM crm.customer"); n != 150 || again.Customers() != 150 {
		t.Errorf("%d customers after resuming", n)
	}
	mustHaveArrived(t, again)
	select {
	case err := <-again.Ended():
		t.Error(err)
	default:
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	o := world.Options{Dir: pgtest.Dir(t)}
	w := mustNew(t, o)
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", strings.TrimPrefix(w.Province(571).Portal, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, err = world.New(o)
	taken, ok := errors.AsType[*world.PortError](err)
	if !ok || len(taken.Taken) != 1 || !strings.Contains(err.Error(), l.Addr().String()+" (portal 571)") {
		t.Errorf("%v", err)
	}
}

func TestEveryPartCanBeKilledByItself(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := mustNew(t, world.Options{Dir: pgtest.Dir(t), Customers: 150, Separate: true})
	mustStart(t, w)
	for _, n := range w.Nodes() {
		if on := one[string](t, n.SuperuserURL, "SHOW fsync"); on != "on" {
			t.Errorf("%s: fsync %s", n.Title(), on)
		}
	}
	for _, p := range w.Parts() {
		if err := w.Kill(p); err != nil {
			t.Fatal(err)
		}
		if err := w.Kill(p); err == nil {
			t.Errorf("%s was killed twice", p)
		}
		// Meanwhile every other part goes on, and a province takes changes that must arrive.
		for _, n := range w.Provinces {
			if p != world.Postgres(n.Part) {
				one[int32](t, n.AppURL, `UPDATE crm.customer SET version = version + 1 WHERE id = (SELECT min(id) FROM crm.customer WHERE national) RETURNING version`)
			}
		}
		began := time.Now()
		if err := w.Restart(ctx, p); err != nil {
			t.Fatal(err)
		}
		if err := w.AwaitArrival(ctx); err != nil {
			t.Fatalf("after %s was killed: %v", p, err)
		}
		mustHaveArrived(t, w)
		t.Logf("%s was killed: everything is back after %.1f s", p, time.Since(began).Seconds())
	}
	fujian := w.Province(591)
	if err := w.WipeLeaf(fujian.Code); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(fujian.LeafDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leaf store: %v", err)
	}
	if err := w.Restart(ctx, fujian.Part); err != nil {
		t.Fatal(err)
	}
	if err := w.AwaitArrival(ctx); err != nil {
		t.Fatal(err)
	}
	mustHaveArrived(t, w)
	select {
	case err := <-w.Ended():
		t.Error(err)
	default:
	}
}
