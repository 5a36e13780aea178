package boss_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/partner/boss"
	"jike/internal/pg/pgtest"
	"jike/province"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var secret = []byte("0123456789abcdef0123456789abcdef")

// node is a province's partner side. wrap may stand between it and the network.
func node(t *testing.T, wrap func(http.Handler) http.Handler) (url string, owner *pgxpool.Pool) {
	t.Helper()
	db := pgtest.Province(t)
	partners, err := identity.NewRegistry(0, identity.NewPartner("boss", "BOSS", secret, "T4011003", "T4990001", "T4990002"))
	if err != nil {
		t.Fatal(err)
	}
	stores := province.NewStores(db.App(t), 591, time.UTC)
	var handler http.Handler
	handler, err = server.New(server.Options{
		Operations: stores.Operations(), Partners: partners, Journal: stores.Journal, Province: "591", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		handler = wrap(handler)
	}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	return web.URL + "/interboss", db.Owner(t)
}

func options(t *testing.T, url string) boss.Options {
	t.Helper()
	return boss.Options{
		URL: url, KeyID: "boss", Secret: secret, Province: 591, Rate: 2000, Seed: 7, Run: "TE57",
		Ledger: filepath.Join(t.TempDir(), "ledger"), Grace: 10 * time.Second,
	}
}

func simulator(t *testing.T, o boss.Options) *boss.Simulator {
	t.Helper()
	s, err := boss.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ledger(t *testing.T, file string) *boss.Ledger {
	t.Helper()
	l, err := boss.ReadLedger(file)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// agree fails the test unless the ledger and the province say the same.
func agree(t *testing.T, file string, owner *pgxpool.Pool) {
	t.Helper()
	compared, wrong, err := ledger(t, file).Check(t.Context(), owner)
	if err != nil || compared == 0 || len(wrong) > 0 {
		t.Fatalf("%d compared, %v, wrong:\n%s", compared, err, strings.Join(wrong, "\n"))
	}
}

func TestEveryMessageIsTakenOnce(t *testing.T) {
	url, owner := node(t, nil)
	o := options(t, url)
	o.Count, o.Customers = 700, 12
	s := simulator(t, o)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats := s.Stats()
	if stats.Sent != o.Count || stats.Answered != o.Count || stats.Codes["0000"] != o.Count || len(stats.Wrong) > 0 || s.Unanswered() != 0 {
		t.Fatalf("%+v", stats)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	agree(t, o.Ledger, owner)
	ops := map[boss.Op]int{}
	for _, e := range ledger(t, o.Ledger).Exchanges {
		ops[e.Op]++
	}
	for _, op := range []boss.Op{boss.Create, boss.Modify, boss.Delete, boss.Bill, boss.Query} {
		if ops[op] < 10 {
			t.Errorf("only %v", ops)
		}
	}
	// The check sees what is not as the ledger says.
	if _, err := owner.Exec(t.Context(), `UPDATE crm.bill SET amount_fen = amount_fen + 1 WHERE id = (SELECT min(id) FROM crm.bill)`); err != nil {
		t.Fatal(err)
	}
	if _, wrong, err := ledger(t, o.Ledger).Check(t.Context(), owner); err != nil || len(wrong) != 1 {
		t.Errorf("%v %v", wrong, err)
	}
}

// lossy breaks the connection of some requests before, and of some after the work.
func lossy(inner http.Handler) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 7 {
		case 2:
			panic(http.ErrAbortHandler)
		case 5:
			inner.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	})
}

func TestUnansweredMessagesAreSentAgain(t *testing.T) {
	url, owner := node(t, lossy)
	o := options(t, url)
	o.Count = 300
	s := simulator(t, o)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); stats.Answered != o.Count || stats.Codes["0000"] != o.Count || stats.Failed == 0 || stats.Tries <= o.Count {
		t.Fatalf("%+v", stats)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	agree(t, o.Ledger, owner)
}

func TestAnotherSimulatorGoesOnWhereOneWasCutOff(t *testing.T) {
	// Of the first requests the work is done and the answer is lost; then the simulator ends.
	var deaf atomic.Bool
	deaf.Store(true)
	lost := make(chan struct{}, 1000)
	url, owner := node(t, func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !deaf.Load() {
				inner.ServeHTTP(w, r)
				return
			}
			inner.ServeHTTP(httptest.NewRecorder(), r)
			lost <- struct{}{}
			panic(http.ErrAbortHandler)
		})
	})
	o := options(t, url)
	o.Grace = time.Millisecond
	first := simulator(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- first.Run(ctx) }()
	for range 20 {
		<-lost
	}
	if _, err := boss.New(o); err == nil {
		t.Error("two simulators hold one ledger")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	before := ledger(t, o.Ledger)
	if len(before.Unanswered()) == 0 || len(before.Unanswered()) != len(before.Exchanges) {
		t.Fatalf("%d of %d messages are unanswered", len(before.Unanswered()), len(before.Exchanges))
	}
	agree(t, o.Ledger, owner) // an unanswered message may have had its effect, once
	// A kill may have cut the last line.
	file, err := os.OpenFile(o.Ledger, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"id":"half a li`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	deaf.Store(false)
	o.Run = "" // the ledger says which
	second := simulator(t, o)
	if second.Unanswered() != len(before.Unanswered()) {
		t.Fatalf("%d unanswered, the ledger has %d", second.Unanswered(), len(before.Unanswered()))
	}
	if err := second.Settle(t.Context()); err != nil || second.Unanswered() != 0 {
		t.Fatal(err, second.Unanswered())
	}
	if stats := second.Stats(); stats.Sent != 0 || stats.Answered != len(before.Exchanges) || stats.Codes["0000"] != stats.Answered || len(stats.Wrong) > 0 {
		t.Fatalf("%+v", stats)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	o.Count = 100
	third := simulator(t, o)
	if err := third.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	agree(t, o.Ledger, owner)
	o.Seed = 8
	if _, err := boss.New(o); err == nil {
		t.Error("a ledger was continued with another seed")
	}
}

func TestPairRisesTogether(t *testing.T) {
	url, owner := node(t, lossy)
	p, err := boss.NewPair(options(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, b := p.Numbers()
	ctx, cancel := context.WithCancel(t.Context())
	var polling sync.WaitGroup
	polling.Go(func() {
		defer cancel()
		var before int64
		for before < 50 {
			var low, high, rows int64
			err := owner.QueryRow(t.Context(), `SELECT min(b.amount_fen), max(b.amount_fen), count(*) FROM crm.bill b JOIN crm.customer c ON c.id = b.customer_id
				WHERE c.number IN ($1, $2) AND b.month = $3 AND b.national`, a, b, p.Month()).Scan(&low, &high, &rows)
			if err != nil || rows != 2 || low != high || low < before {
				t.Errorf("%d rows, %d and %d after %d, %v", rows, low, high, before, err)
				return
			}
			before = low
		}
	})
	if err := p.Run(ctx, 1000); err != nil {
		t.Error(err)
	}
	polling.Wait()
	if p.Counter() < 49 || p.Tries() <= p.Counter() { // the last commit may have been seen before its answer
		t.Errorf("%d after %d requests", p.Counter(), p.Tries())
	}
}

func TestTheSameSeedAndRunSayTheSame(t *testing.T) {
	var hashes [2][]string
	for i := range hashes {
		url, _ := node(t, nil)
		o := options(t, url)
		o.Count, o.Flight = 150, 1
		s := simulator(t, o)
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, e := range ledger(t, o.Ledger).Exchanges {
			hashes[i] = append(hashes[i], fmt.Sprint(e.ID, e.Op, e.Number, e.Effect.Class, e.Effect.AmountFen))
		}
	}
	if strings.Join(hashes[0], "\n") != strings.Join(hashes[1], "\n") {
		t.Error("two runs say different things")
	}
}
