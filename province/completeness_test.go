package province_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jike/internal/account"
	"jike/internal/pg/pgtest"
	"jike/province/completeness"
	"jike/province/contact"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/merge"
	placing "jike/province/site"
	"jike/schemas/codes"
)

// gaps are customers whose files are filled and emptied at random.
type gaps struct {
	*site
	random *rand.Rand
	ids    []int64
}

// act changes one fact of a random customer.
func (g *gaps) act(t *testing.T) error {
	id := g.ids[g.random.IntN(len(g.ids))]
	c, err := g.Customers.Get(t.Context(), g.Everybody, id)
	if err != nil {
		return err
	}
	units := []int64{0, g.ManagerUnit.ID, g.ColleagueUnit.ID, g.StrangerUnit.ID}
	change := func(edit func(f *customer.Facts)) error {
		f := c.Facts
		edit(&f)
		_, err := g.Customers.Change(t.Context(), g.Everybody, id, c.Version, f)
		return err
	}
	switch n := g.random.IntN(10); n {
	case 0:
		return change(func(f *customer.Facts) { f.Address, f.Postcode = []string{"", "澄川路1号"}[g.random.IntN(2)], "" })
	case 1:
		heads := int32(g.random.IntN(9))
		return change(func(f *customer.Facts) { f.Headcount, f.LegalPerson = &heads, "张某" })
	case 2:
		return change(func(f *customer.Facts) { f.ManagerID = units[g.random.IntN(len(units))] })
	case 3:
		return change(func(f *customer.Facts) { f.Sensitive = !f.Sensitive })
	case 4:
		_, err := g.all.Contacts.Add(t.Context(), g.Everybody, id, contact.Facts{
			Role: []contact.Role{contact.Decision, contact.Other}[g.random.IntN(2)], Name: "李某", WorkPhone: []codes.Phone{"", "059187654321"}[g.random.IntN(2)],
		})
		return err
	case 5:
		_, err := g.Database.Owner(t).Exec(t.Context(), `DELETE FROM crm.contact WHERE id = (SELECT max(id) FROM crm.contact WHERE customer_id = $1)`, id)
		return err
	case 6:
		_, err := g.all.Sites.Add(t.Context(), g.Everybody, id, placing.Facts{Name: "厂区", Kind: placing.Headquarters, City: "350100", Street: "澄川路1号"})
		return err
	case 7:
		_, err := g.Database.Owner(t).Exec(t.Context(), `UPDATE crm.site SET opened_on = '2026-01-01', closed_on = '2026-02-01' WHERE customer_id = $1`, id)
		return err
	default:
		other, err := g.Customers.Get(t.Context(), g.Everybody, g.ids[g.random.IntN(len(g.ids))])
		if err != nil {
			return err
		}
		if there, err := g.all.Merges.Of(t.Context(), g.Everybody, id); err == nil && len(there) > 0 && there[0].UndoneAt == nil {
			_, err := g.all.Merges.Undo(t.Context(), g.Everybody, there[0].ID)
			return err
		}
		_, err = g.all.Merges.Make(t.Context(), g.Everybody, merge.Order{SurvivorID: id, SurvivorVersion: c.Version, MergedID: other.ID, MergedVersion: other.Version, Reason: "同"})
		return err
	}
}

// compare holds sums and lists of a caller against customers that are looked at one by one.
func (g *gaps) compare(t *testing.T, caller account.Caller) {
	t.Helper()
	customers, points, scores := map[int64]int{}, map[int64]int64{}, map[int64]map[int64]int{}
	for _, id := range g.ids {
		c, err := g.Customers.Get(t.Context(), caller, id)
		if err != nil || c.MergedInto != 0 {
			continue
		}
		findings, err := g.all.Completeness.Of(t.Context(), caller, id)
		if err != nil {
			t.Fatal(err)
		}
		score := completeness.Score(findings)
		customers[c.ManagerID]++
		points[c.ManagerID] += int64(score)
		if scores[c.ManagerID] == nil {
			scores[c.ManagerID] = map[int64]int{}
		}
		scores[c.ManagerID][id] = score
	}
	groups, err := g.all.Completeness.Managers(t.Context(), caller, 0)
	if err != nil || len(groups) != len(customers) {
		t.Fatalf("%s: %d managers, want %d, %v", caller.Login, len(groups), len(customers), err)
	}
	worst := -1.0
	for _, group := range groups {
		if group.Customers != customers[group.ID] || group.Points != points[group.ID] {
			t.Fatalf("%s: %+v, want %d customers and %d points", caller.Login, group, customers[group.ID], points[group.ID])
		}
		average := float64(group.Points) / float64(group.Customers)
		if average < worst {
			t.Fatalf("%s: %v is not in order", caller.Login, groups)
		}
		worst = average
		page, err := g.all.Completeness.Customers(t.Context(), caller, group.ID, nil)
		if err != nil || len(page.Items) != group.Customers {
			t.Fatalf("%s: manager %d has %d rows, want %d, %v", caller.Login, group.ID, len(page.Items), group.Customers, err)
		}
		for _, row := range page.Items {
			if score, there := scores[group.ID][row.ID]; !there || score != row.Score {
				t.Fatalf("%s: %+v, want a score of %d", caller.Login, row, score)
			}
		}
	}
	sum := 0
	departments, err := g.all.Completeness.Departments(t.Context(), caller)
	for _, d := range departments {
		sum += d.Customers
	}
	if total := len(slices.Collect(ids(scores))); err != nil || sum != total {
		t.Fatalf("%s: departments have %d customers, want %d, %v", caller.Login, sum, total, err)
	}
}

func ids(scores map[int64]map[int64]int) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		for _, of := range scores {
			for id := range of {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// TestCompletenessAddsUp changes files at random, and the rule, and compares sums and lists for callers of every
// reach with the customers looked at one by one.
func TestCompletenessAddsUp(t *testing.T) {
	g := &gaps{site: newSite(t), random: rand.New(rand.NewPCG(3, 4))}
	for i := range 12 {
		g.ids = append(g.ids, g.Add(t, customertest.Facts(fmt.Sprint("客户", i), []int64{0, g.ManagerUnit.ID, g.StrangerUnit.ID}[i%3])).ID)
	}
	head := g.HeadA
	head.AccountID = customertest.Value[int64](t, g.DB, `SELECT id FROM account.account WHERE login = 'head-a'`)
	admin := g.as(t, "administrator")
	for round := range 6 {
		for range 10 {
			if err := answered(g.act(t)); err != nil {
				t.Fatal(err)
			}
		}
		if round == 2 {
			for _, id := range g.ids[:6] { // refused for those that are not sensitive
				if err := answered(g.Customers.Name(t.Context(), g.Everybody, id, head.AccountID, today().AddDate(0, 0, 1), "专项")); err != nil {
					t.Fatal(err)
				}
			}
		}
		if round == 4 {
			if status, doc := admin.Call(t, "PUT", "/api/completeness/rule", `{"version":1,"weights":{"address":2,"contact":1,"site":1,"headcount":3}}`); status != 200 || doc["pending"] != true {
				t.Fatalf("rule: %d %v", status, doc)
			}
		}
		if _, err := g.all.Completeness.Judge(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, caller := range []account.Caller{g.Manager, head, g.HeadB, g.Administrator} {
			g.compare(t, caller)
		}
	}
	if n, err := g.all.Completeness.Judge(t.Context()); err != nil || n != 0 {
		t.Errorf("%d customers are judged though nothing changed, %v", n, err)
	}
	if _, doc := admin.Call(t, "GET", "/api/completeness/rule", ""); doc["pending"] != false {
		t.Errorf("rule: %v", doc)
	}
	const trail = `SELECT before::text || ' ' || after::text FROM audit.line WHERE action = 'completeness.change'`
	if got := customertest.Value[string](t, g.Database.Owner(t), trail); len(got) == 0 {
		t.Error("the change of the rule is not in the trail")
	}
}

// TestWhatARuleOfCompletenessRefuses goes by the portal; nothing of it changes anything.
func TestWhatARuleOfCompletenessRefuses(t *testing.T) {
	x := newSite(t)
	own := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	if _, err := x.all.Completeness.Judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin, head, manager := x.as(t, "administrator"), x.as(t, "head-a"), x.as(t, "manager")
	before := pgtest.Digest(t, x.Database.Owner(t))
	for body, want := range map[string]string{
		`{"version":1,"weights":{"address":0}}`:           "422 completeness.nothing_counts",
		`{"version":1,"weights":{"address":-1,"site":2}}`: "422 input.below_minimum",
		`{"version":1,"weights":{"address":1001}}`:        "422 input.above_maximum",
		`{"version":1,"weights":{"shoeSize":1}}`:          "422 input.not_in_list",
		`{"version":7,"weights":{"address":1}}`:           "409 completeness.version.conflict",
	} {
		if status, doc := admin.Call(t, "PUT", "/api/completeness/rule", body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if status, _ := head.Call(t, "PUT", "/api/completeness/rule", `{"version":1,"weights":{"address":1}}`); status != 403 {
		t.Errorf("a head states the rule: %d", status)
	}
	if status, doc := manager.Call(t, "GET", "/api/completeness/customers?after=x", ""); status != 422 {
		t.Errorf("a place that is none: %d %v", status, doc)
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
	if _, doc := manager.Call(t, "GET", fmt.Sprintf("/api/customers/%d/completeness", own.ID), ""); doc["score"] != 10.0 || len(doc["items"].([]any)) != len(completeness.Facts()) {
		t.Errorf("a customer of which only the manager is known: %v", doc)
	}
	_, err := x.all.Completeness.Of(t.Context(), x.Stranger, own.ID)
	if answered(err) != nil || errors.Is(err, nil) {
		t.Errorf("a stranger is told: %v", err)
	}
}

// A connection plans what its triggers do once, by the first statement, which here changes nothing. Two sides of
// a change that are joined by such a plan are compared row by row for ever: 30,000 rows took many minutes.
func TestBothSidesOfAChangeAreNotJoined(t *testing.T) {
	config, err := pgx.ParseConfig(pgtest.Province(t).SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	var plans strings.Builder
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { plans.WriteString(n.Message) }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, sql := range []string{
		`LOAD 'auto_explain'`, `SET auto_explain.log_min_duration = 0`, `SET auto_explain.log_nested_statements = on`, `SET client_min_messages = log`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	// any column does, but for one that PostgreSQL counts itself
	rows, err := conn.Query(t.Context(), `SELECT format('UPDATE %s SET %I = %2$I', attrelid::regclass, min(attname)) FROM pg_attribute
		WHERE attnum > 0 AND attidentity = '' AND attgenerated = '' AND NOT attisdropped
			AND attrelid IN (SELECT tgrelid FROM pg_trigger WHERE tgoldtable IS NOT NULL AND tgnewtable IS NOT NULL) GROUP BY attrelid`)
	if err != nil {
		t.Fatal(err)
	}
	updates, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, update := range updates {
		plans.Reset()
		if _, err := conn.Exec(t.Context(), update); err != nil {
			t.Fatal(err)
		}
		plan := plans.String()
		if !strings.Contains(plan, "Named Tuplestore Scan") {
			t.Fatalf("%s: no plan of a trigger is seen: %s", update, plan)
		}
		if strings.Contains(plan, "Join") || strings.Contains(plan, "Nested Loop") {
			t.Errorf("%s: %s", update, plan)
		}
	}
}
