package province_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/internal/portal/portaltest"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// proposals are what a roster's rules propose to a caller.
func proposals(t *testing.T, b *portaltest.Browser, roster string) string {
	t.Helper()
	status, doc := b.Call(t, "GET", roster+"/proposals", "")
	if status != 200 {
		t.Fatalf("proposals: %d %v", status, doc)
	}
	var list []string
	for _, p := range doc["items"].([]any) {
		p := p.(map[string]any)
		list = append(list, fmt.Sprint(p["name"], " ", p["from"], ">", p["to"], " ", len(p["why"].(map[string]any)["held"].([]any))))
	}
	return strings.Join(list, ", ")
}

// enrolled are the customers of a roster as a caller sees them, with the version of the rules that proposed each.
func enrolled(t *testing.T, b *portaltest.Browser, roster string) string {
	t.Helper()
	status, doc := b.Call(t, "GET", roster+"/customers", "")
	if status != 200 {
		t.Fatalf("roster: %d %v", status, doc)
	}
	var list []string
	for _, c := range doc["items"].([]any) {
		c := c.(map[string]any)
		by := "by hand"
		if why, is := c["why"].(map[string]any); is {
			by = fmt.Sprint("by version ", why["version"])
		}
		list = append(list, fmt.Sprint(c["name"], " ", c["reason"], " ", c["addedBy"], " ", by))
	}
	return strings.Join(list, ", ")
}

// TestARosterIsFilledByRuleAndAPersonDecides has the nightly run propose customers for a roster and out of it: nothing
// changes until a person confirms, what was declined is not proposed again by the same version, whom somebody has put in
// by hand stays, and each caller sees and decides what is within his scope.
func TestARosterIsFilledByRuleAndAPersonDecides(t *testing.T) {
	x := newSite(t)
	admin, head, manager := x.as(t, "administrator"), x.as(t, "head-a"), x.as(t, "manager")
	add := func(name string, unit int64, edit func(f *customer.Facts)) customer.Customer {
		f := customertest.Facts(name, unit)
		edit(&f)
		return x.Add(t, f)
	}
	nothing := func(*customer.Facts) {}
	own, other := add("甲公司", x.ManagerUnit.ID, nothing), add("乙公司", x.ColleagueUnit.ID, nothing)
	far := add("丙公司", x.StrangerUnit.ID, nothing)
	hidden := add("丁公司", x.ColleagueUnit.ID, func(f *customer.Facts) { f.Sensitive = true })
	back := add("己公司", x.ManagerUnit.ID, nothing)
	large := add("戊公司", x.ManagerUnit.ID, func(f *customer.Facts) { f.Class = codes.ClassA1 })

	_, made := head.Call(t, "POST", "/api/rosters", `{"name":"培育名单","purpose":"培育小客户","closed":false}`)
	roster, kind := fmt.Sprintf("/api/rosters/%.0f", made["id"]), fmt.Sprintf("roster-%.0f", made["id"])
	if status, doc := head.Call(t, "POST", roster+"/customers", fmt.Sprintf(`{"customers":[%d],"reason":"总部指定"}`, large.ID)); status != 200 {
		t.Fatalf("by hand: %d %v", status, doc)
	}
	if status, _ := admin.Call(t, "GET", "/api/rules/"+kind+"9", ""); status != 404 {
		t.Errorf("rules of no roster: %d", status)
	}
	const lines = `{"outcome":"in","match":"all","conditions":[{"fact":"class","months":0,"comparison":"oneOf","number":0,"values":["D"]},
			{"fact":"members","months":0,"comparison":"atMost","number":9,"values":[]}]},
		{"outcome":"out","match":"all","conditions":[{"fact":"class","months":0,"comparison":"oneOf","number":0,"values":["A1","C"]}]}`
	version := drafted(t, admin, kind, lines, ``)
	if got, want := x.judged(t, kind, version, true), "6 judged, 1 held, 0 refused, out>in 5"; got != want {
		t.Errorf("dry run: %s, want %s", got, want)
	}
	if got := proposals(t, admin, roster); got != "" {
		t.Errorf("after a dry run: %s", got)
	}
	if status, doc := admin.Call(t, "POST", fmt.Sprint("/api/rules/", kind, "/versions/", version, "/put"), ""); status != 200 {
		t.Fatalf("put: %d %v", status, doc)
	}
	nightly := func() {
		t.Helper()
		if err := x.all.Rules.BeginAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := x.all.Rules.Advance(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	nightly()
	for b, want := range map[*portaltest.Browser]string{
		manager: "甲公司 out>in 2, 己公司 out>in 2", head: "甲公司 out>in 2, 乙公司 out>in 2, 己公司 out>in 2",
		admin: "甲公司 out>in 2, 乙公司 out>in 2, 丙公司 out>in 2, 丁公司 out>in 2, 己公司 out>in 2",
	} {
		if got := proposals(t, b, roster); got != want {
			t.Errorf("proposed: %s, want %s", got, want)
		}
	}
	decide := func(b *portaltest.Browser, confirm bool, ids ...int64) string {
		t.Helper()
		status, doc := b.Call(t, "POST", roster+"/proposals/decisions", fmt.Sprintf(`{"customers":[%s],"confirm":%v,"reason":" 符合条件 "}`,
			strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]"), confirm))
		return fmt.Sprint(status, " ", doc["done"], " ", doc["refused"])
	}
	if got := decide(manager, true, own.ID); !strings.HasPrefix(got, "403") {
		t.Errorf("a manager decides: %s", got)
	}
	if got, want := decide(head, true, own.ID, back.ID, hidden.ID, large.ID), "200 2 0"; got != want { // the others are not seen, or not proposed
		t.Errorf("confirmed: %s, want %s", got, want)
	}
	if got, want := decide(head, false, other.ID), "200 1 0"; got != want {
		t.Errorf("declined: %s, want %s", got, want)
	}
	if got, want := decide(admin, true, hidden.ID), "200 1 0"; got != want {
		t.Errorf("confirmed: %s, want %s", got, want)
	}
	if status, doc := head.Call(t, "POST", roster+"/customers/take", fmt.Sprintf(`{"customers":[%d]}`, back.ID)); status != 200 || doc["customers"] != 1.0 {
		t.Errorf("taken back: %d %v", status, doc)
	}
	if status, doc := admin.Call(t, "POST", roster+"/customers", fmt.Sprintf(`{"customers":[%d,%d],"reason":"重点"}`, far.ID, hidden.ID)); status != 200 || doc["customers"] != 2.0 {
		t.Errorf("by hand: %d %v", status, doc)
	}
	inHead := fmt.Sprintf("甲公司 符合条件 head-a by version %d, 戊公司 总部指定 head-a by hand", version)
	for b, want := range map[*portaltest.Browser]string{
		manager: inHead, head: inHead,
		admin: fmt.Sprintf("甲公司 符合条件 head-a by version %d, 丙公司 重点 administrator by hand, 丁公司 重点 administrator by hand, 戊公司 总部指定 head-a by hand", version),
	} {
		if got := enrolled(t, b, roster); got != want {
			t.Errorf("in the roster: %s, want %s", got, want)
		}
	}
	_, doc := manager.Call(t, "GET", fmt.Sprintf("/api/customers/%d/rosters", own.ID), "")
	if why, _ := doc["items"].([]any)[0].(map[string]any)["why"].(map[string]any); why["version"] != float64(version) || len(why["held"].([]any)) != 2 {
		t.Errorf("on the page: %v", doc)
	}
	const trail = `SELECT concat_ws(' ', count(*) FILTER (WHERE action = 'roster.put' AND after->'grounds'->>'version' IS NOT NULL), count(*) FILTER (WHERE action = 'roster.decline'))
		FROM audit.line WHERE object_kind = 'roster' AND customer_id IN ($1, $2)`
	if got := customertest.Value[string](t, x.Database.Owner(t), trail, own.ID, other.ID); got != "1 1" {
		t.Errorf("trail: %s", got)
	}

	// What was decided stays so, also for who was taken out again, who is in by hand stays in, and who is in by rule is proposed out.
	x.Change(t, own, func(f *customer.Facts) { f.Class = codes.ClassC })
	x.Change(t, hidden, func(f *customer.Facts) { f.Class = codes.ClassC })
	if got, want := x.judged(t, kind, version, false), "6 judged, 4 held, 0 refused, in>out 1"; got != want {
		t.Errorf("next run: %s, want %s", got, want)
	}
	_, doc = manager.Call(t, "GET", fmt.Sprintf("/api/customers/%d/proposals", own.ID), "")
	if p := doc["items"].([]any)[0].(map[string]any); p["roster"] != "培育名单" || p["to"] != "out" {
		t.Errorf("on the page: %v", doc)
	}
	status, job := head.Call(t, "POST", roster+"/proposals/decide-all?to=out", `{"confirm":true,"reason":"已升级","expected":1}`)
	if status != 202 {
		t.Fatalf("all: %d %v", status, job)
	}
	if counts, result := x.jobEnded(t, "head-a", job["id"]); counts != "map[confirmed:1]" || !strings.Contains(result, "已采纳,,"+own.Number+",甲公司,在名单中,不在名单中") {
		t.Errorf("%s\n%s", counts, result)
	}
	if got, want := enrolled(t, manager, roster), "戊公司 总部指定 head-a by hand"; got != want {
		t.Errorf("after that: %s, want %s", got, want)
	}

	// A closed roster takes nobody, and no rule is asked for it.
	if status, doc := head.Call(t, "PUT", roster, `{"version":1,"name":"培育名单","purpose":"已结束","closed":true}`); status != 200 || doc["rule"] != float64(version) {
		t.Fatalf("closed: %d %v", status, doc)
	}
	if status, doc := admin.Call(t, "POST", "/api/rules/"+kind+"/runs", fmt.Sprintf(`{"version":%d,"dry":true}`, version)); status != 422 || doc["code"] != "roster.closed" {
		t.Errorf("a run for a closed roster: %d %v", status, doc)
	}
	nightly()
	const runs = `SELECT count(*) FROM crm.rule_run WHERE kind = $1`
	if n := customertest.Value[int](t, x.DB, runs, kind); n != 3 {
		t.Errorf("%d runs, want 3", n)
	}
}
