package seed_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/seed"
	"jike/internal/account"
	"jike/internal/pg/pgtest"
	"jike/schemas/codes"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var today = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func options(province codes.Province, customers int) seed.Options {
	return seed.Options{Province: province, Customers: customers, Seed: 7, Today: today, Unstreamed: true}
}

func mustFill(t *testing.T, db *pgxpool.Pool, o seed.Options) seed.Report {
	t.Helper()
	r, err := seed.Fill(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// digest is one number for all rows of the seed, ids and times included.
func digest(t *testing.T, db *pgxpool.Pool) (all string) {
	t.Helper()
	const query = `SELECT string_agg(d, ' ') FROM (
		SELECT 1 AS o, md5(string_agg(x::text, '|' ORDER BY id)) AS d FROM crm.customer x
		UNION ALL SELECT 2, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.contact x
		UNION ALL SELECT 3, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.contract x
		UNION ALL SELECT 4, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.subscription x
		UNION ALL SELECT 5, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.bill x
		UNION ALL SELECT 6, md5(string_agg(x::text, '|' ORDER BY customer_id)) FROM crm.member_count x
		UNION ALL SELECT 7, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.class_history x
		UNION ALL SELECT 8, md5(string_agg(x::text, '|' ORDER BY id)) FROM crm.organisation x ORDER BY 1) t`
	if err := db.QueryRow(t.Context(), query).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestProvinceIsRealistic(t *testing.T) {
	db := pgtest.Province(t).App(t)
	r := mustFill(t, db, options(591, 4000))
	t.Logf("%+v", r)
	for _, c := range []struct {
		says  string
		query string // true if it holds
	}{
		{"4000 customers", `SELECT count(*) = 4000 FROM crm.customer`},
		{"one bill per customer and month for 24 months", `SELECT bool_and(n = 24 AND first = '2024-11-01' AND last = '2026-10-01') FROM
			(SELECT count(*) AS n, min(month) AS first, max(month) AS last FROM crm.bill GROUP BY customer_id) b`},
		{"at least 95 % distinct names", `SELECT count(DISTINCT name) >= 0.95 * count(*) FROM crm.customer`},
		{"10 to 15 % of class A and B", `SELECT count(*) FILTER (WHERE class < 'C') BETWEEN 0.10 * count(*) AND 0.15 * count(*) FROM crm.customer`},
		{"trees of four levels and not more", `WITH RECURSIVE t AS (
			SELECT id, 1 AS depth FROM crm.customer WHERE parent_id IS NULL
			UNION ALL SELECT c.id, depth + 1 FROM crm.customer c JOIN t ON c.parent_id = t.id)
			SELECT max(depth) = 4 AND count(*) = 4000 FROM t`},
		{"every credit code is fictional", `SELECT bool_and(credit_code ~ '^..000000') AND count(*) > 3800 FROM crm.customer WHERE credit_code IS NOT NULL`},
		{"sensitive ones are there and never national", `SELECT count(*) > 5 AND NOT bool_or(national) FROM crm.customer WHERE sensitive`},
		{"a sensitive one of class A or B too", `SELECT count(*) > 0 FROM crm.customer WHERE sensitive AND class < 'C'`},
		{"national are the classes A and B and the crossing ones", `SELECT bool_and(national = (NOT sensitive AND (class < 'C' OR cross_province))) FROM crm.customer`},
		{"contacts have fictional numbers", `SELECT bool_and(mobile ~ '^160\d{8}$' AND work_phone ~ '^0591-00\d{6}$' AND birthday IS NOT NULL) FROM crm.contact`},
		{"contracts expire around today", `SELECT count(*) FILTER (WHERE expires_on < '2026-11-24') > 50
			AND count(*) FILTER (WHERE expires_on BETWEEN '2026-11-24' AND '2027-02-24') > 50 FROM crm.contract`},
		{"all cities of the province have customers", `SELECT count(DISTINCT city) = 9 FROM crm.customer`},
		{"managers are persons of the customer's city", `SELECT bool_and(u.kind = 'person' AND b.code = c.city) FROM crm.customer c
			JOIN crm.organisation u ON u.id = c.manager_id JOIN crm.organisation d ON d.id = u.parent_id JOIN crm.organisation b ON b.id = d.parent_id`},
		{"paths lead from the root", `SELECT bool_and(u.path = coalesce(p.path, '/') || u.id || '/') FROM crm.organisation u LEFT JOIN crm.organisation p ON p.id = u.parent_id`},
		{"class history ends at the class", `SELECT bool_and(c.class = h.class_to) FROM crm.customer c
			JOIN LATERAL (SELECT class_to FROM crm.class_history WHERE customer_id = c.id ORDER BY id DESC LIMIT 1) h ON true`},
		{"some profiles are kept outside of the row", `SELECT count(*) > 10 FROM crm.customer WHERE pg_column_size(profile) > 2000`},
		{"nobody was changed after today", `SELECT bool_and(updated_at < '2026-11-25' AND created_at <= updated_at) FROM crm.customer`},
		{"the next customer gets a number of its own", `SELECT nextval('crm.customer_number') = 4001 AND nextval('crm.customer_id_seq') = 4001`},
		{"somebody has a character beyond GBK", `SELECT count(*) > 0 FROM crm.contact WHERE name LIKE '%䶮%'`},
	} {
		var holds bool
		if err := db.QueryRow(t.Context(), c.query).Scan(&holds); err != nil {
			t.Fatalf("%s: %v", c.says, err)
		}
		if !holds {
			t.Errorf("does not hold: %s", c.says)
		}
	}
}

func TestSameSeedGivesTheSameRows(t *testing.T) {
	one, two := pgtest.Province(t).App(t), pgtest.Province(t).App(t)
	mustFill(t, one, options(571, 900))
	mustFill(t, two, options(571, 900))
	if a, b := digest(t, one), digest(t, two); a != b {
		t.Errorf("digests differ:\n%s\n%s", a, b)
	}
}

func TestProvincesOfOneSeedShareCompanies(t *testing.T) {
	names := func(province codes.Province) map[string]string {
		db := pgtest.Province(t).App(t)
		mustFill(t, db, options(province, 1000))
		rows, err := db.Query(t.Context(), `SELECT credit_code, name, cross_province FROM crm.customer WHERE credit_code IS NOT NULL`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		all := map[string]string{}
		for rows.Next() {
			var code, name string
			var cross bool
			if err := rows.Scan(&code, &name, &cross); err != nil {
				t.Fatal(err)
			}
			if _, err := codes.ParseCreditCode(code); err != nil {
				t.Fatalf("%s: %v", code, err)
			}
			if cross {
				name += " crosses"
			}
			all[code] = name
		}
		return all
	}
	fujian, zhejiang := names(591), names(571)
	shared := 0
	for code, name := range fujian {
		other, both := zhejiang[code]
		if !both {
			continue
		}
		if shared++; other != name || name[len(name)-7:] != "crosses" {
			t.Errorf("%s is %q in one province and %q in the other", code, name, other)
		}
	}
	if shared != 25 {
		t.Errorf("%d credit codes are in both provinces, want 25", shared)
	}
}

func TestRefusals(t *testing.T) {
	db := pgtest.Province(t).App(t)
	o := options(591, 50)
	o.Unstreamed = false
	if _, err := seed.Fill(t.Context(), db, o); !errors.Is(err, seed.ErrNoStream) {
		t.Errorf("without publication and slot: %v", err)
	}
	mustFill(t, db, options(591, 50))
	if _, err := seed.Fill(t.Context(), db, options(591, 50)); !errors.Is(err, seed.ErrFilled) {
		t.Errorf("a second time: %v", err)
	}
	for _, bad := range []seed.Options{options(999, 10), options(591, 0), options(591, 99_999_999)} {
		if _, err := seed.Fill(t.Context(), pgtest.Province(t).App(t), bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestInterruptedSeedGoesOn(t *testing.T) {
	whole, broken := pgtest.Province(t).App(t), pgtest.Province(t).App(t)
	mustFill(t, whole, options(591, 1500))

	ctx, cancel := context.WithCancel(t.Context())
	o := options(591, 1500)
	o.Progress = func(done, _ int) {
		if done >= 400 {
			cancel()
		}
	}
	if _, err := seed.Fill(ctx, broken, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if _, err := seed.Fill(t.Context(), broken, options(591, 1600)); !errors.Is(err, seed.ErrFilled) {
		t.Errorf("with other options: %v", err)
	}
	again := options(591, 1500)
	again.Today = today.AddDate(0, 0, 1) // the day of the beginning counts
	r := mustFill(t, broken, again)
	if r.Customers >= 1500 || r.Customers < 700 {
		t.Errorf("%d customers were written the second time", r.Customers)
	}
	if a, b := digest(t, whole), digest(t, broken); a != b {
		t.Errorf("digests differ:\n%s\n%s", a, b)
	}
}

func TestStreamedProvinceIsAccepted(t *testing.T) {
	p := pgtest.Province(t)
	ctx := t.Context()
	owner := p.Owner(t)
	if _, err := owner.Exec(ctx, `CREATE PUBLICATION up FOR TABLE crm.customer WHERE (national)`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Sync(t).Exec(ctx, `SELECT pg_create_logical_replication_slot('jike_up_test', 'pgoutput')`); err != nil {
		t.Fatal(err)
	}
	o := options(591, 60)
	o.Unstreamed = false
	done := 0
	o.Progress = func(n, all int) { done = n }
	if r := mustFill(t, p.App(t), o); r.Bills != 60*seed.Months || done != 60 {
		t.Errorf("%+v, progress to %d", r, done)
	}
}

func BenchmarkFill20000(b *testing.B) {
	for b.Loop() {
		db := pgtest.Province(b).App(b)
		r, err := seed.Fill(b.Context(), db, options(591, 20000))
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%+v", r)
	}
}

func TestDemoAccountsCanSignIn(t *testing.T) {
	db := pgtest.Province(t).App(t)
	mustFill(t, db, options(591, 200))
	settings := account.DefaultSettings()
	settings.Hashing.MemoryKiB, settings.RefuseAfter = 64, 0
	store, err := account.NewStore(db, settings, func(context.Context, int64, int64) (account.Place, error) { return account.Place{Path: "/1/"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	made, err := seed.Accounts(t.Context(), db, store, "")
	if err != nil || len(made) != 3 {
		t.Fatalf("%v, %v", made, err)
	}
	for _, a := range made {
		if caller, err := store.SignIn(t.Context(), a.Login, a.Password); err != nil || caller.Role != a.Role || caller.UnitID != a.UnitID {
			t.Errorf("%s: %+v, %v", a.Login, caller, err)
		}
	}
	again, err := seed.Accounts(t.Context(), db, store, "")
	if err != nil || again[0].Password != "" {
		t.Errorf("a second time: %v, %v", again, err)
	}
	headquarters, err := seed.HeadquartersAccounts(t.Context(), store, "Given-by-flag-1")
	if err != nil || len(headquarters) != 2 || headquarters[0].Password != "Given-by-flag-1" || headquarters[1].Password != "" {
		t.Errorf("%v, %v", headquarters, err) // the province has an admin already
	}
}
