package province_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// TestThePoolGivesAndTakesBack has managers of a city take customers from the pool and return them, by the rule.
func TestThePoolGivesAndTakesBack(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague, x.Stranger)
	facts := customertest.Facts("榕澄", 0)
	facts.Sensitive = true
	x.Add(t, facts)
	facts = customertest.Facts("鹭岛", 0)
	facts.City = "350200"
	x.Add(t, facts)
	c := x.Add(t, customertest.Facts("闽越", 0))
	x.Add(t, customertest.Facts("澄海", x.ColleagueUnit.ID))
	manager, colleague, administrator := x.as(t, "manager"), x.as(t, "colleague"), x.as(t, "administrator")
	pool := func(login string) (names []string) {
		t.Helper()
		_, doc := x.as(t, login).Call(t, "GET", "/api/pool", "")
		for _, item := range doc["items"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		if doc["total"] != float64(len(names)) {
			t.Errorf("%s: total %v of %v", login, doc["total"], names)
		}
		return names
	}
	for login, want := range map[string]string{"manager": "[闽越]", "head-a": "[闽越]", "stranger": "[鹭岛]", "administrator": "[榕澄 鹭岛 闽越]"} {
		if got := fmt.Sprint(pool(login)); got != want {
			t.Errorf("%s sees %s, want %s", login, got, want)
		}
	}
	if _, doc := manager.Call(t, "GET", "/api/pool?class=A1", ""); doc["total"] != 0.0 {
		t.Errorf("of class A1: %v", doc)
	}
	path := fmt.Sprintf("/api/customers/%d", c.ID)
	call := func(login, what, body, want string) {
		t.Helper()
		status, doc := x.as(t, login).Call(t, "POST", path+what, body)
		if got := fmt.Sprint(status, " ", doc["code"]); got != want {
			t.Errorf("%s%s %s: %s, want %s", login, what, body, got, want)
		}
	}
	const own, back = `{"toId":0}`, `{"reason":" 无法服务 "}`
	call("stranger", "/claim", own, "404 customer.unknown")
	call("manager", "/claim", fmt.Sprintf(`{"toId":%d}`, x.ColleagueUnit.ID), "422 pool.to.unknown")
	call("administrator", "/claim", own, "422 pool.to.unknown")
	x.race(t, path)
	_, doc := administrator.Call(t, "GET", path, "")
	winner, loser := manager, colleague
	winnerLogin, loserLogin := "manager", "colleague"
	if int64(doc["managerId"].(float64)) == x.ColleagueUnit.ID {
		winner, winnerLogin, loserLogin = loser, loserLogin, winnerLogin
	}
	if status, _ := winner.Call(t, "GET", path, ""); status != 200 {
		t.Errorf("who has taken it sees it: %d", status)
	}
	call(loserLogin, "/return", back, "404 customer.unknown")
	call(winnerLogin, "/return", `{"reason":" "}`, "422 input.required")
	call(winnerLogin, "/return", back, "204 <nil>")
	call(winnerLogin, "/claim", own, "422 pool.cooling")
	_, doc = manager.Call(t, "GET", "/api/pool", "")
	if row := doc["items"].([]any)[0].(map[string]any); row["reason"] != "无法服务" || row["from"] == "" {
		t.Errorf("in the pool: %v", row)
	}
	x.followsTheRule(t, path, call)
	if status, doc := administrator.Call(t, "POST", path+"/claim", fmt.Sprintf(`{"toId":%d}`, x.StrangerUnit.ID)); status != 204 {
		t.Errorf("given by the administrator: %d %v", status, doc)
	}
	x.returnsIdle(t, c.ID)
	const trail = `SELECT array_agg(action ORDER BY id) FROM audit.line WHERE customer_id = $1 AND action IN ('customer.claim', 'customer.return')`
	got := customertest.Value[[]string](t, x.DB, trail, c.ID)
	if want := []string{"customer.claim", "customer.return", "customer.claim", "customer.return", "customer.claim", "customer.return"}; !slices.Equal(got, want) {
		t.Errorf("trail %v", got)
	}
}

// race has two managers take the same customer at once: one has it, the other is told who was faster.
func (x *site) race(t *testing.T, path string) {
	t.Helper()
	answers := make([]string, 2)
	var group errgroup.Group
	for i, login := range []string{"manager", "colleague"} {
		b := x.as(t, login)
		group.Go(func() error {
			status, doc := b.Call(t, "POST", path+"/claim", `{"toId":0}`)
			answers[i] = fmt.Sprint(status, " ", doc["code"])
			return nil
		})
	}
	_ = group.Wait()
	slices.Sort(answers)
	if fmt.Sprint(answers) != "[204 <nil> 409 pool.taken]" {
		t.Errorf("two at once: %v", answers)
	}
}

// followsTheRule changes the rule of the pool and takes a customer by it.
func (x *site) followsTheRule(t *testing.T, path string, call func(login, what, body, want string)) {
	t.Helper()
	administrator := x.as(t, "administrator")
	rule := func(version, most int) (int, map[string]any) {
		return administrator.Call(t, "PUT", "/api/pool/rule",
			fmt.Sprintf(`{"version":%d,"mostHeld":%d,"coolingDays":0,"idleDays":40,"idleStates":["active"]}`, version, most))
	}
	if status, doc := rule(1, 0); status != 422 {
		t.Errorf("nobody may have any: %d %v", status, doc)
	}
	if status, doc := rule(1, 1); status != 200 || doc["version"] != 2.0 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc := rule(1, 5); status != 409 || doc["code"] != "pool.version.conflict" {
		t.Errorf("stale: %d %v", status, doc)
	}
	call("colleague", "/claim", `{"toId":0}`, "422 pool.full")
	call("head-a", "/claim", fmt.Sprintf(`{"toId":%d}`, x.ManagerUnit.ID), "204 <nil>")
	call("head-a", "/return", `{"reason":"调整"}`, "204 <nil>")
	call("administrator", "/return", `{"reason":"调整"}`, "204 <nil>") // where it is
}

// returnsIdle lets days pass: a customer returns that nobody has changed or dealt with, and no other.
func (x *site) returnsIdle(t *testing.T, id int64) {
	t.Helper()
	facts := customertest.Facts("泉安", x.ManagerUnit.ID)
	met := x.Add(t, facts)
	facts.Name, facts.Lifecycle = "泉潭", codes.Potential
	potential := x.Add(t, facts)
	x.met(t, family{customer: met.ID})
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET updated_at = now() - interval '45 days' WHERE id = ANY ($1)`, []int64{id, met.ID, potential.ID}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, moment := range []struct {
		days, want int
	}{{-10, 0}, {0, 1}, {0, 0}} {
		if n, err := x.all.Pool.ReturnIdle(t.Context(), now.AddDate(0, 0, moment.days)); err != nil || n != moment.want {
			t.Errorf("%d days: %d returned, %v, want %d", moment.days, n, err, moment.want)
		}
	}
	if n := customertest.Value[int64](t, x.DB, `SELECT count(*) FROM crm.customer WHERE id = $1 AND manager_id IS NULL`, id); n != 1 {
		t.Error("it was another one")
	}
}
