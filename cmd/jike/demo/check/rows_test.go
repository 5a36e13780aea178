package check

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/partner/boss"
	"jike/cmd/jike/seed"
	"jike/internal/pg/pgtest"
	"jike/province"
	"jike/schemas/codes"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

func nodeOf(code codes.Province) *world.Node {
	return &world.Node{Name: code.String(), Code: code, Part: world.Province(code)}
}

func worldOf(list ...codes.Province) *world.World {
	w := &world.World{}
	for _, code := range list {
		w.Provinces = append(w.Provinces, nodeOf(code))
	}
	return w
}

func mustConnect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, query string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// levels are a province with some customers and a headquarters to which its selected rows were
// copied, by no code of the product.
func levels(t *testing.T, code codes.Province) (here, there *pgx.Conn) {
	t.Helper()
	db := pgtest.Province(t)
	if _, err := seed.Fill(t.Context(), db.App(t), seed.Options{Province: code, Customers: 400, Seed: 3, Unstreamed: true}); err != nil {
		t.Fatal(err)
	}
	here, there = mustConnect(t, db.SuperuserURL), mustConnect(t, pgtest.National(t).SuperuserURL)
	mustExec(t, there, `SELECT sync.add_province($1)`, int16(code))
	for _, s := range shapes {
		columns := strings.Join(s.list(), ", ")
		var rows bytes.Buffer
		out := `COPY (SELECT ` + code.String() + `, t.` + strings.Join(s.list(), ", t.") + ` FROM ` + s.from + `) TO STDOUT`
		if _, err := here.PgConn().CopyTo(t.Context(), &rows, out); err != nil {
			t.Fatal(err)
		}
		if _, err := there.PgConn().CopyFrom(t.Context(), &rows, `COPY crm.`+s.name+` (province, `+columns+`) FROM STDIN`); err != nil {
			t.Fatal(err)
		}
	}
	return here, there
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	here, there := levels(t, 591)
	c, err := compareRows(t.Context(), here, there, 591)
	if err != nil || len(c.differences) > 0 || c.rows < 1000 {
		t.Fatalf("%v, %s, %v", err, c, c.differences)
	}
	for seed := range uint64(3) {
		if seed > 0 {
			here, there = levels(t, 591)
		}
		p := planter{db: there, code: 591, dice: rand.New(rand.NewPCG(seed, 1))}
		if err := p.plant(t.Context(), 4); err != nil {
			t.Fatal(err)
		}
		if len(p.planted) != 4*5 {
			t.Errorf("%d differences are planted, not 20: one edit, deletion, invention, and two rows of a swap, four times", len(p.planted))
		}
		c, err := compareRows(t.Context(), here, there, 591)
		if err != nil {
			t.Fatal(err)
		}
		if err := sameDifferences(p.planted, c.differences); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func TestComparisonKnowsItsColumns(t *testing.T) {
	here, there := levels(t, 591)
	mustExec(t, there, `ALTER TABLE crm.contact ADD birthday date`)
	if _, err := compareRows(t.Context(), here, there, 591); err == nil || !strings.Contains(err.Error(), "birthday") {
		t.Errorf("a column that is not compared passes: %v", err)
	}
}

func TestFlagIsReckonedNotTrusted(t *testing.T) {
	here, there := levels(t, 591)
	if n, err := flagsWrong(t.Context(), here); err != nil || n != 0 {
		t.Fatalf("%d flags are wrong, %v", n, err)
	}
	// A sensitive customer whose flag was forgotten is missed at neither place.
	mustExec(t, here, `UPDATE crm.customer SET national = false WHERE id = (SELECT min(id) FROM crm.customer WHERE national)`)
	if n, err := flagsWrong(t.Context(), here); err != nil || n == 0 {
		t.Errorf("%d flags are wrong, %v", n, err)
	}
	if c, err := compareRows(t.Context(), here, there, 591); err != nil || len(c.differences) > 0 {
		t.Errorf("the comparison trusts the flag: %v %v", c.differences, err)
	}
	mustExec(t, here, `UPDATE crm.customer SET sensitive = true WHERE id = (SELECT min(id) FROM crm.customer WHERE NOT national AND (class < 'C' OR cross_province))`)
	c, err := compareRows(t.Context(), here, there, 591)
	if err != nil || !slices.ContainsFunc(c.differences, func(d difference) bool { return d.Table == "crm.customer" && d.Kind == extra }) {
		t.Errorf("a sensitive customer at headquarters passes: %v %v", c.differences, err)
	}
}

// partnerSide is a province that takes BOSS's messages.
func partnerSide(t *testing.T) (*site, *pgxpool.Pool) {
	t.Helper()
	db := pgtest.Province(t)
	secret := []byte("0123456789abcdef0123456789abcdef")
	partners, err := identity.NewRegistry(0, identity.NewPartner("boss", "BOSS", secret, "T4011003", "T4990001", "T4990002"))
	if err != nil {
		t.Fatal(err)
	}
	stores := province.NewStores(db.App(t), 591, time.UTC)
	handler, err := server.New(server.Options{
		Operations: stores.Operations(), Partners: partners, Journal: stores.Journal, Province: "591", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	owner := db.Owner(t)
	s := &site{node: nodeOf(591), db: owner, ledger: filepath.Join(t.TempDir(), "ledger")}
	o := boss.Options{URL: web.URL + "/interboss", KeyID: "boss", Secret: secret, Province: 591, Rate: 2000, Count: 150, Customers: 8, Seed: 5, Ledger: s.ledger}
	if s.boss, err = boss.New(o); err != nil {
		t.Fatal(err)
	}
	if s.pair, err = boss.NewPair(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.closeTraffic(); err != nil {
			t.Error(err)
		}
	})
	return s, owner
}

func TestLedgerFindsADoubledEffect(t *testing.T) {
	s, owner := partnerSide(t)
	if err := s.boss.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.pair.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := s.pair.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := checkLedger(t.Context(), s); err != nil || n < 50 {
		t.Fatalf("%d messages, %v", n, err)
	}
	for _, doubled := range []string{
		`action = 'customer.change' AND customer_id IN (SELECT id FROM crm.customer WHERE number LIKE '591B%')`,
		`action = 'bill.batch' AND customer_id IS NULL`,
	} {
		var id int64
		const double = `INSERT INTO audit.line (actor, action, object_kind, object_id, customer_id, before, after)
			SELECT actor, action, object_kind, object_id, customer_id, before, after FROM audit.line WHERE id = (SELECT max(id) FROM audit.line WHERE `
		if err := owner.QueryRow(t.Context(), double+doubled+`) RETURNING id`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if _, err := checkLedger(t.Context(), s); err == nil {
			t.Errorf("a doubled effect passes: %s", doubled)
		}
		if _, err := owner.Exec(t.Context(), `DELETE FROM audit.line WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		if _, err := checkLedger(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	// And one that is missing.
	if _, err := owner.Exec(t.Context(), `DELETE FROM audit.line WHERE id = (SELECT max(l.id) FROM audit.line l JOIN crm.customer c ON c.id = l.customer_id
		WHERE l.action = 'customer.create' AND c.number LIKE '591B%')`); err != nil {
		t.Fatal(err)
	}
	if _, err := checkLedger(t.Context(), s); err == nil {
		t.Error("a missing effect passes")
	}
}
