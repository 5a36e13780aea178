package customer_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

// TestTheListOfATeamMemberIsReadByIndex asks PostgreSQL, with the planner as it is, how it counts the customers of who is
// in teams: by the managers' index and by the customers' key.
func TestTheListOfATeamMemberIsReadByIndex(t *testing.T) {
	w := customertest.New(t)
	owner := w.Database.Owner(t)
	const people = `INSERT INTO crm.organisation (id, parent_id, kind, code, name, path)
		SELECT n.id, $1, 'person', 'P' || n.id, '虚构', $2 || n.id || '/'
		FROM (SELECT nextval(pg_get_serial_sequence('crm.organisation', 'id')) AS id FROM generate_series(1, 150)) n`
	if _, err := owner.Exec(t.Context(), people, w.DepartmentB.ID, w.DepartmentB.Path); err != nil {
		t.Fatal(err)
	}
	const customers = `INSERT INTO crm.customer (number, name, name_terms, industry, city, class, lifecycle, manager_id)
		SELECT 'T' || i, '批量公司' || i, '{}', '65', '350100', 'D', 'active', m.ids[1 + i % array_length(m.ids, 1)]
		FROM generate_series(1, 6000) i, (SELECT array_agg(id) AS ids FROM crm.organisation WHERE kind = 'person') m`
	for _, statement := range []string{`ALTER TABLE crm.customer DISABLE TRIGGER USER`, customers, `ANALYZE crm.customer, crm.organisation`} {
		if _, err := owner.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for name, caller := range map[string]account.Caller{"manager": w.Manager, "deputy": standingIn(w.Manager, w), "head": w.HeadA} {
		caller.Teams = true
		query, args := customer.CountQuery(caller, customer.Filter{})
		rows, err := owner.Query(t.Context(), `EXPLAIN `+query, pgx.QueryExecModeCacheDescribe, args)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan on customer ") || !strings.Contains(plan, "BitmapOr") {
			t.Errorf("%s: %s\n%s", name, query, plan)
		}
	}
}
