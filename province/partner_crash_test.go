package province_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/province"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

// crashing is a province on a cluster of its own that is killed at a chosen moment of an exchange.
type crashing struct {
	partners
	dir     string
	cluster *pg.Cluster
	before  atomic.Bool // kill before the commit of the next exchange
	after   atomic.Bool // kill after it, before the reply
	reply   []byte      // that was lost after a commit
}

func newCrashing(t *testing.T) *crashing {
	t.Helper()
	x := &crashing{dir: filepath.Join(pgtest.Dir(t), "pg")}
	pgtest.Prepare(t, x.dir)
	x.start(t)
	t.Cleanup(func() { x.cluster.Kill() })
	db := pgtest.On(t, x.cluster, pg.Province)
	x.owner = db.Owner(t)
	stores := province.NewStores(db.App(t), 591, time.UTC)
	registry, err := identity.NewRegistry(0, identity.NewPartner("boss", "BOSS", partnerSecret, "T4011003"))
	if err != nil {
		t.Fatal(err)
	}
	operations := stores.Operations()
	for i := range operations {
		inner := operations[i].Handle
		operations[i].Handle = func(ctx context.Context, call server.Call) (server.Answer, error) {
			answer, err := inner(ctx, call)
			if x.before.CompareAndSwap(true, false) {
				x.cluster.Kill()
			}
			return answer, err
		}
	}
	s, err := server.New(server.Options{
		Operations: operations, Partners: registry, Journal: stores.Journal, Province: "591", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !x.after.CompareAndSwap(true, false) {
			s.ServeHTTP(w, r)
			return
		}
		kept := httptest.NewRecorder()
		s.ServeHTTP(kept, r)
		x.reply = kept.Body.Bytes()
		x.cluster.Kill()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(web.Close)
	x.client = &client.Client{URL: web.URL + "/interboss", KeyID: "boss", Secret: partnerSecret}
	return x
}

// start starts the cluster, with fsync on, again after a kill.
func (x *crashing) start(t *testing.T) {
	t.Helper()
	var err error
	if x.cluster, err = pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: x.dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if x.owner != nil {
		x.owner.Reset() // its connections are to the server that was killed
	}
}

// effects says how often the sample's customer was created.
func (x *crashing) effects(t *testing.T) (n int) {
	t.Helper()
	err := x.owner.QueryRow(t.Context(), `SELECT count(*) FROM audit.line WHERE action = 'customer.create'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnExchangeSurvivesACrashOfTheDatabase(t *testing.T) {
	x := newCrashing(t)
	content := sample(t, syncReq)
	h := x.header(content.Tag)
	// Killed before the commit: the caller is told so, and nothing is kept.
	x.before.Store(true)
	r, err := x.client.Send(t.Context(), h, content)
	if err != nil || r.Status != 503 || r.Response.Code != "0133" || r.Response.Type != envelope.System {
		t.Fatalf("%d %+v %v", r.Status, r.Response, err)
	}
	x.start(t)
	if n := x.effects(t); n != 0 {
		t.Fatalf("%d effects of an exchange that was not committed", n)
	}
	// Killed between commit and reply: the caller knows nothing.
	x.after.Store(true)
	if r, err := x.client.Send(t.Context(), h, content); err == nil {
		t.Fatalf("a reply came: %q", r.Raw)
	}
	// While the database is down the answer is that of the table, and the id stays free.
	if r, err := x.client.Send(t.Context(), h, content); err != nil || r.Status != 503 || r.Response.Code != "0133" {
		t.Fatalf("%d %+v %v", r.Status, r.Response, err)
	}
	x.start(t)
	r, err = x.client.Send(t.Context(), h, content)
	if err != nil || r.Response.Code != envelope.CodeOK || !bytes.Equal(r.Raw, x.reply) {
		t.Fatalf("%v\n%q\n%q", err, r.Raw, x.reply)
	}
	if n := x.effects(t); n != 1 {
		t.Fatalf("%d effects", n)
	}
	other, err := x.client.Send(t.Context(), h, edited(t, content, "CustomerInfo/Address", "别处"))
	if err != nil || other.Response.Code != "0103" || x.effects(t) != 1 {
		t.Fatalf("%+v %v", other.Response, err)
	}
}
