package customer_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// asked collects what a store asks of the database.
type asked []pgx.TraceQueryStartData

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	*a = append(*a, data)
	return ctx
}

func (a *asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestListsReadByIndexes asks PostgreSQL, with the planner as it is, how it carries out the store's own statements for
// lists and groups by every filter that the tally does not answer, and for the scopes that are not the whole province.
// The customers have as much text as they have in a province: beside it an index is small.
func TestListsReadByIndexes(t *testing.T) {
	w := customertest.New(t)
	fillForPlans(t, w)
	config, err := pgxpool.ParseConfig(w.Database.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	var statements asked
	config.ConnConfig.Tracer = &statements
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	store := customer.NewStore(traced, customertest.Province)

	filters := map[string]customer.Filter{
		"": {}, "unit": {UnitID: w.DepartmentA.ID}, "due": {DueDays: 30}, "changed": {Since: time.Now().AddDate(0, 0, -7)},
		"roster": {RosterID: 1}, "manager": {ManagerID: w.ManagerUnit.ID}, "unassigned": {Unassigned: true},
		"class and unit": {UnitID: w.DepartmentB.ID, Classes: []codes.Class{codes.ClassA1}}, "text": {Text: "龘靐"},
	}
	everywhere := []string{"manager", "unassigned", "class and unit", "text"} // their plans begin with no scope
	callers := map[string]account.Caller{
		"administrator": w.Administrator, "head": w.HeadA, "manager": w.Manager,
		"deputy of a manager": standingIn(w.Manager, w), "deputy of a head": standingIn(w.HeadA, w),
	}
	for who, caller := range callers {
		for name, f := range filters {
			if who != "administrator" && slices.Contains(everywhere, name) {
				continue
			}
			statements = nil
			for _, sort := range []string{"id", "name"} {
				f.Sort, f.Page, f.Size = sort, 2, 20
				if _, err := store.Search(t.Context(), caller, f); err != nil {
					t.Fatal(err)
				}
			}
			for _, by := range groupings {
				if _, err := store.Groups(t.Context(), caller, f, by); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range statements {
				if plan := planOf(t, w.DB, s); whole(plan) {
					t.Errorf("%s, filter %s reads all customers: %s\n%s", who, name, s.SQL, plan)
				}
			}
		}
	}
	for _, sort := range []string{"id", "number", "name", "updatedAt"} { // what is selected is found without passing over what is not
		statements = nil
		selected := true
		if _, err := store.Search(t.Context(), w.Administrator, customer.Filter{National: &selected, Sort: sort, Page: 20, Size: 20}); err != nil {
			t.Fatal(err)
		}
		plans := ""
		for _, s := range statements {
			plans += planOf(t, w.DB, s)
		}
		if !strings.Contains(plans, "Index Only Scan using customer_national_in_") {
			t.Errorf("by %s:\n%s", sort, plans)
		}
	}
	everything := pgx.TraceQueryStartData{SQL: `SELECT count(*) FROM crm.customer c WHERE c.profile = $1`, Args: []any{""}}
	if plan := planOf(t, w.DB, everything); !whole(plan) {
		t.Errorf("a scan of the whole table is not seen:\n%s", plan)
	}
}

// planOf is how PostgreSQL carries out a statement; of a transaction's own there is none.
func planOf(t *testing.T, db *pgxpool.Pool, s pgx.TraceQueryStartData) string {
	t.Helper()
	if len(s.Args) == 0 {
		return ""
	}
	rows, err := db.Query(t.Context(), `EXPLAIN `+s.SQL, s.Args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", s.SQL, err)
	}
	return strings.Join(lines, "\n")
}

// whole reports whether a plan reads crm.customer as a whole.
func whole(plan string) bool { return strings.Contains(plan, "Seq Scan on customer c") }

// fillForPlans adds customers of all managers and of none, with contracts of which few end soon and a roster of few;
// few were changed in the last week.
func fillForPlans(t *testing.T, w *customertest.World) {
	t.Helper()
	owner := w.Database.Owner(t)
	for _, statement := range []string{
		`INSERT INTO crm.customer (number, name, name_terms, class, lifecycle, city, industry, national, sensitive, manager_id, profile, updated_at)
			SELECT '591' || lpad(n::text, 10, '0'), '客户' || n, CASE WHEN n % 1000 = 0 THEN ARRAY['龘靐'] ELSE ARRAY['客户', n::text] END,
				(ARRAY['A1', 'A2', 'B1', 'B2', 'C', 'D'])[1 + n % 6], (ARRAY['potential', 'active', 'suspended', 'lost'])[1 + n % 4],
				(ARRAY['350100', '350200', '350500'])[1 + n % 3], (ARRAY['13', '51', '65', '83'])[1 + n / 7 % 4], n % 3 = 0, n % 11 = 1 AND n % 3 > 0,
				p.ids[1 + n % 4], repeat('主营虚构业务', 80), now() - n % 100 * interval '1 day'
			FROM generate_series(1, 4000) n, (SELECT array_agg(id) AS ids FROM crm.organisation WHERE kind = 'person') p`,
		`INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status)
			SELECT id, national, 'D' || id, '协议', current_date - 900, current_date - 900, current_date - 800 + id::int % 1000, 1, 'active' FROM crm.customer`,
		`INSERT INTO crm.roster (name, purpose, author) VALUES ('重保', '保障', 'test')`,
		`INSERT INTO crm.roster_entry (roster_id, customer_id, reason, added_by) SELECT 1, id, '重点', 'test' FROM crm.customer WHERE id % 60 = 1`,
		`VACUUM (ANALYZE) crm.customer, crm.contract, crm.roster_entry, crm.customer_tally, crm.customer_tally_change, crm.organisation`,
	} {
		if _, err := owner.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}
