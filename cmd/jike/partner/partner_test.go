package partner

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"jike/cmd/jike/partner/boss"
	"jike/internal/pg/pgtest"
	"jike/province"
	"jike/xmlapi/charset"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const samples = "../../../schemas/xsd/samples/"

// place is a province's partner side, and where the command finds its key.
type place struct {
	node
	db *pgtest.DB
}

func newPlace(t *testing.T) place {
	t.Helper()
	const secret = "0123456789abcdef0123456789abcdef"
	db := pgtest.Province(t)
	partners, err := identity.NewRegistry(0, identity.NewPartner("boss", "BOSS", []byte(secret), "T4011003", "T4990001", "T4990002"))
	if err != nil {
		t.Fatal(err)
	}
	stores := province.NewStores(db.App(t), 591, time.UTC)
	s, err := server.New(server.Options{
		Operations: stores.Operations(), Partners: partners, Journal: stores.Journal, Province: "591", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return place{node{URL: web.URL + "/interboss", KeyID: "boss", SecretFile: file, Province: 591}, db}
}

func TestSendASampleInEveryWay(t *testing.T) {
	p := newPlace(t)
	first := Send{node: p.node, File: samples + "group-customer-sync-req.xml", Carriage: "multipart", Charset: "UTF-8"}
	first.Origin = "BOSS"
	var out, outcome bytes.Buffer
	if err := first.run(t.Context(), &out, &outcome); err != nil || !strings.Contains(out.String(), "福州喆镕虚构科技有限公司") || !strings.Contains(outcome.String(), "RspCode 0000") {
		t.Fatalf("%v %s %s", err, out.String(), outcome.String())
	}
	query := first
	query.File = samples + "group-customer-query-req.xml"
	for _, kind := range []string{"multipart", "form", "single"} {
		for _, set := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
			query.Carriage, query.Charset = kind, set.String()
			out.Reset()
			if err := query.run(t.Context(), &out, &outcome); err != nil || !strings.Contains(out.String(), "福州喆镕虚构科技有限公司") {
				t.Errorf("%s %s: %v %s", kind, set, err, out.String())
			}
			query.Raw = true
			out.Reset()
			if err := query.run(t.Context(), &out, &outcome); err != nil || !bytes.Contains(out.Bytes(), set.Encode("福州喆镕虚构科技有限公司")) {
				t.Errorf("%s %s: %v %q", kind, set, err, out.String())
			}
			query.Raw = false
		}
	}
	// The second time the number is taken: refused, and the reply is printed all the same.
	out.Reset()
	if err := first.run(t.Context(), &out, &outcome); !errors.Is(err, errRefused) || !strings.Contains(out.String(), "<RspCode>2998</RspCode>") {
		t.Errorf("%v %s", err, out.String())
	}
	// A whole document has its own header.
	whole := first
	whole.File = samples + "envelope-single.xml"
	out.Reset()
	if err := whole.run(t.Context(), &out, &outcome); !errors.Is(err, errRefused) || !strings.Contains(out.String(), "<TransIDO>SAMPLE0001</TransIDO>") {
		t.Errorf("%v %s", err, out.String())
	}
	whole.File = samples + "envelope-reply.xml"
	if err := whole.run(t.Context(), &out, &outcome); err == nil || errors.Is(err, errRefused) {
		t.Errorf("a reply was sent: %v", err)
	}
}

func TestSimulateBoss(t *testing.T) {
	p := newPlace(t)
	s := SimulateBoss{
		node: p.node, Ledger: filepath.Join(t.TempDir(), "ledger"), Rate: 1000, Flight: 4, Customers: 10, Seed: 1, Count: 60,
		Every: 10 * time.Millisecond,
	}
	for range 2 { // the second goes on
		var out bytes.Buffer
		if err := s.run(t.Context(), &out); err != nil || !strings.Contains(out.String(), "ended: sent 60, answered 60 (0000×60)") {
			t.Fatalf("%v\n%s", err, out.String())
		}
	}
	l, err := boss.ReadLedger(s.Ledger)
	if err != nil || len(l.Exchanges) != 120 {
		t.Fatalf("%d %v", len(l.Exchanges), err)
	}
	if _, wrong, err := l.Check(t.Context(), p.db.Owner(t)); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	if err := verdict(boss.Stats{Codes: map[string]int{"0000": 5, "2998": 1}}); err == nil {
		t.Error("a refused message passed")
	}
}

func TestCommandLine(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"send " + samples + "monthly-bill-batch-req.xml --url http://x --key-id k --secret-file " + secret + " --carriage form --charset GBK",
		"simulate-boss --rate 50 --url http://x --key-id k --secret-file " + secret + " --ledger l --duration 1m",
	} {
		var c Cmd
		parser, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
