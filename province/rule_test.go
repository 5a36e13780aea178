package province_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/internal/pg/pgtest"
	"jike/internal/portal/portaltest"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/interaction"
	"jike/province/merge"
	"jike/province/rule"
	"jike/schemas/codes"
)

// drafted adds a version of a rule set to those that are there and gives its number.
func drafted(t *testing.T, admin *portaltest.Browser, kind, lines, strategies string) (version int) {
	t.Helper()
	_, doc := admin.Call(t, "GET", "/api/rules/"+kind, "")
	newest := any(0)
	if versions := doc["versions"].([]any); len(versions) > 0 {
		newest = versions[0].(map[string]any)["version"]
	}
	body := fmt.Sprintf(`{"version":%v,"lines":[%s],"strategies":{%s}}`, newest, lines, strategies)
	status, doc := admin.Call(t, "POST", "/api/rules/"+kind+"/versions", body)
	if status != 201 {
		t.Fatalf("%s: %d %v", body, status, doc)
	}
	return int(doc["version"].(float64))
}

// judged runs a version over the customers and gives what it moved, held and refused.
func (x *site) judged(t *testing.T, kind string, version int, dry bool) string {
	t.Helper()
	admin := x.as(t, "administrator")
	body := fmt.Sprintf(`{"version":%d,"dry":%v}`, version, dry)
	if status, doc := admin.Call(t, "POST", "/api/rules/"+kind+"/runs", body); status != 202 {
		t.Fatalf("%s: %d %v", body, status, doc)
	}
	if err := x.all.Rules.Advance(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	_, doc := admin.Call(t, "GET", "/api/rules/"+kind, "")
	run := doc["runs"].([]any)[0].(map[string]any)
	if run["state"] != "done" || run["percent"] != 100.0 || run["trouble"] != false {
		t.Fatalf("run: %v", run)
	}
	var moves []string
	for _, m := range run["moves"].([]any) {
		m := m.(map[string]any)
		moves = append(moves, fmt.Sprint(m["from"], ">", m["to"], " ", m["customers"]))
	}
	return fmt.Sprint(run["customers"], " judged, ", run["held"], " held, ", run["refused"], " refused, ", strings.Join(moves, ", "))
}

func (x *site) stageOf(t *testing.T, id int64) map[string]any {
	t.Helper()
	status, doc := x.as(t, "administrator").Call(t, "GET", fmt.Sprintf("/api/customers/%d/stage", id), "")
	if status != 200 {
		t.Fatalf("stage: %d %v", status, doc)
	}
	return doc
}

// TestARuleMovesCustomers tries a rule set dry, puts it in force and runs it: customers move with a history that says
// why, except those that a person holds and those for which the life cycle has no such step.
func TestARuleMovesCustomers(t *testing.T) {
	x := newSite(t)
	admin, manager := x.as(t, "administrator"), x.as(t, "manager")
	add := func(name string, edit func(f *customer.Facts)) customer.Customer {
		f := customertest.Facts(name, x.ManagerUnit.ID)
		edit(&f)
		return x.Add(t, f)
	}
	small := add("甲公司", func(f *customer.Facts) {})
	large := add("乙公司", func(f *customer.Facts) { f.Class = codes.ClassA1 })
	held := add("丙公司", func(f *customer.Facts) {})
	early := add("丁公司", func(f *customer.Facts) { f.Lifecycle = codes.Potential })
	until := dayIn(31)
	path := fmt.Sprintf("/api/customers/%d/stage", held.ID)
	if status, doc := manager.Call(t, "PUT", path, fmt.Sprintf(`{"stage":"active","until":%q,"reason":" 续约谈判中 "}`, until)); status != 200 {
		t.Fatalf("hold: %d %v", status, doc)
	}

	const lines = `{"outcome":"suspended","match":"all","conditions":[
		{"fact":"subscriptions","months":0,"comparison":"atMost","number":0,"values":[]},{"fact":"class","months":0,"comparison":"oneOf","number":0,"values":["C","D"]}]}`
	version := drafted(t, admin, "lifecycle", lines, `"suspended":" 查明原因 "`)
	put := fmt.Sprintf("/api/rules/lifecycle/versions/%d/put", version)
	if status, doc := admin.Call(t, "POST", put, ""); status != 422 || doc["code"] != "rule.untried" {
		t.Errorf("put untried: %d %v", status, doc)
	}
	const want = "4 judged, 1 held, 1 refused, active>suspended 1"
	state := func() string {
		tables := pgtest.Digest(t, x.Database.Owner(t))
		maps.DeleteFunc(tables, func(table, _ string) bool { return strings.HasPrefix(table, "crm.rule_run") || table == "audit.line" })
		return fmt.Sprint(tables)
	}
	before := state()
	if got := x.judged(t, "lifecycle", version, true); got != want {
		t.Errorf("dry run: %s, want %s", got, want)
	}
	if state() != before {
		t.Error("a dry run has changed something")
	}
	if status, doc := admin.Call(t, "POST", "/api/rules/lifecycle/runs", fmt.Sprintf(`{"version":%d,"dry":false}`, version)); status != 422 || doc["code"] != "rule.not_in_force" {
		t.Errorf("run by a draft: %d %v", status, doc)
	}
	if err := x.all.Rules.BeginAll(t.Context()); err != nil { // nothing is in force
		t.Fatal(err)
	}
	if status, doc := admin.Call(t, "POST", put, ""); status != 200 || doc["putBy"] != "administrator" {
		t.Fatalf("put: %d %v", status, doc)
	}
	if err := x.all.Rules.BeginAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, doc := admin.Call(t, "POST", "/api/rules/lifecycle/runs", fmt.Sprintf(`{"version":%d,"dry":true}`, version)); status != 422 || doc["code"] != "rule.run.under_way" {
		t.Errorf("two runs at a time: %d %v", status, doc)
	}
	if err := x.all.Rules.Advance(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	for id, stage := range map[int64]string{small.ID: "suspended", large.ID: "active", held.ID: "active", early.ID: "potential"} {
		if got := x.stageOf(t, id); got["stage"] != stage {
			t.Errorf("customer %d: %v, want %s", id, got, stage)
		}
	}
	moved := x.stageOf(t, small.ID)
	last := moved["history"].([]any)[0].(map[string]any)
	why := last["why"].(map[string]any)
	if last["actor"] != "system:rule" || moved["strategy"] != "查明原因" || moved["since"] != last["at"] || why["version"] != float64(version) || why["line"] != 1.0 || len(why["held"].([]any)) != 2 {
		t.Errorf("moved: %v", moved)
	}
	const trail = `SELECT count(*) FROM audit.line WHERE action = 'customer.change' AND actor = 'system:rule' AND customer_id = $1 AND after->>'lifecycle' = 'suspended'`
	if n := customertest.Value[int](t, x.Database.Owner(t), trail, small.ID); n != 1 {
		t.Errorf("%d lines in the trail", n)
	}
	if status, doc := manager.Call(t, "DELETE", path, ""); status != 200 || doc["hold"] != nil {
		t.Fatalf("release: %d %v", status, doc)
	}
	if got, want := x.judged(t, "lifecycle", version, false), "4 judged, 0 held, 1 refused, active>suspended 1"; got != want {
		t.Errorf("second run: %s, want %s", got, want)
	}
	if status, _ := manager.Call(t, "PUT", fmt.Sprintf("/api/customers/%d/stage", small.ID), fmt.Sprintf(`{"stage":"active","until":%q,"reason":"已复机"}`, until)); status != 200 {
		t.Fatal("the manager cannot set the stage back")
	}
	if got := x.stageOf(t, small.ID); got["stage"] != "active" || got["hold"] == nil || got["history"].([]any)[0].(map[string]any)["reason"] != "已复机" {
		t.Errorf("set back: %v", got)
	}
}

// TestWhatRulesLookAt gives a customer, and one that is merged into it, something of every fact and reads what the
// rule found.
func TestWhatRulesLookAt(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	other := x.Add(t, customertest.Facts("乙公司", x.ManagerUnit.ID))
	owner := x.Database.Owner(t)
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, b := range []struct {
		id           int64
		monthsAgo    int
		amount, paid int64
	}{{c.ID, 2, 700, 700}, {c.ID, 3, 50, 0}, {c.ID, 4, 3, 3}, {other.ID, 1, 9, 4}, {other.ID, 0, 1000000, 1000000}} {
		if _, err := owner.Exec(t.Context(), `INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) VALUES ($1, false, $2, $3, $4)`,
			b.id, first.AddDate(0, -b.monthsAgo, 0), b.amount, b.paid); err != nil {
			t.Fatal(err)
		}
	}
	const fill = `WITH contracts AS (INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status)
			SELECT $1, false, 'HT' || n, '协议', $2::date - 100, $2::date - n, $2::date - n + 10, 1, 'active' FROM unnest(ARRAY[5, 60]) n),
		subscriptions AS (INSERT INTO crm.subscription (customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on)
			SELECT $1, false, 'P', '专线', 1, 1, s, $2 FROM unnest(ARRAY['active', 'active', 'terminated']) s)
		INSERT INTO crm.member_count (customer_id, members) VALUES ($1, 30), ($3, 12)`
	if _, err := owner.Exec(t.Context(), fill, c.ID, now.Format(time.DateOnly), other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Interactions.Add(t.Context(), x.Everybody, c.ID, interaction.Facts{Channel: interaction.Phone, At: now.AddDate(0, 0, -3), Subject: "来电"}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Merges.Make(t.Context(), x.Everybody, merge.Order{SurvivorID: c.ID, SurvivorVersion: 1, MergedID: other.ID, MergedVersion: 1, Reason: "同"}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Hierarchy.Count(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	var conditions []string
	for _, fact := range rule.Facts()[:8] { // the numbers
		months := 0
		if fact == rule.Income {
			months = 3
		}
		conditions = append(conditions, fmt.Sprintf(`{"fact":%q,"months":%d,"comparison":"atLeast","number":0,"values":[]}`, fact, months))
	}
	admin := x.as(t, "administrator")
	version := drafted(t, admin, "lifecycle", `{"outcome":"suspended","match":"all","conditions":[`+strings.Join(conditions, ",")+`]}`, "")
	if got, want := x.judged(t, "lifecycle", version, true), "1 judged, 0 held, 0 refused, active>suspended 1"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if status, doc := admin.Call(t, "POST", fmt.Sprintf("/api/rules/lifecycle/versions/%d/put", version), ""); status != 200 {
		t.Fatalf("put: %d %v", status, doc)
	}
	x.judged(t, "lifecycle", version, false)
	got := map[string]any{}
	for _, h := range x.stageOf(t, c.ID)["history"].([]any)[0].(map[string]any)["why"].(map[string]any)["held"].([]any) {
		h := h.(map[string]any)
		got[fmt.Sprint(h["condition"].(map[string]any)["fact"])] = h["actual"]
	}
	want := map[string]any{"income": 759.0, "arrears": 55.0, "contracts": 1.0, "subscriptions": 2.0, "members": 42.0, "sinceBill": 0.0, "sinceInteraction": 3.0, "fileAge": 0.0}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if again, err := x.Customers.Get(t.Context(), x.Everybody, other.ID); err != nil || again.Lifecycle != codes.Lost {
		t.Errorf("the merged one: %v, %v", again.Lifecycle, err)
	}
}

// TestWhatRulesRefuse goes by the portal; nothing of it changes anything.
func TestWhatRulesRefuse(t *testing.T) {
	x := newSite(t)
	own := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	admin, manager := x.as(t, "administrator"), x.as(t, "manager")
	before := pgtest.Digest(t, x.Database.Owner(t))
	condition := func(fact, comparison string, months int, number, values string) string {
		return fmt.Sprintf(`{"outcome":"lost","match":"all","conditions":[{"fact":%q,"comparison":%q,"months":%d,"number":%s,"values":[%s]}]}`, fact, comparison, months, number, values)
	}
	for lines, want := range map[string]string{
		`{"outcome":"gone","match":"all","conditions":[]}`: "lines[0].outcome input.not_in_list, lines[0].conditions rule.conditions.none",
		condition("stage", "atLeast", 0, "1", `"lost"`):    "lines[0].conditions[0].comparison rule.comparison.of_values",
		condition("stage", "oneOf", 0, "1", `"gone"`):      "lines[0].conditions[0].values input.not_in_list",
		condition("class", "oneOf", 0, "1", ``):            "lines[0].conditions[0].values input.required",
		condition("members", "oneOf", 0, "1", `"1"`):       "lines[0].conditions[0].comparison rule.comparison.of_numbers",
		condition("members", "atMost", 0, "-1", ``):        "lines[0].conditions[0].number input.below_minimum",
		condition("income", "atMost", 25, "1", ``):         "lines[0].conditions[0].months rule.months",
	} {
		status, doc := admin.Call(t, "POST", "/api/rules/lifecycle/versions", `{"version":1,"strategies":{},"lines":[`+lines+`]}`)
		var got []string
		if errors, several := doc["errors"].([]any); several && len(errors) > 0 {
			for _, e := range errors {
				e := e.(map[string]any)
				got = append(got, fmt.Sprint(e["field"], " ", e["code"]))
			}
		}
		if status != 422 || strings.Join(got, ", ") != want {
			t.Errorf("%s: %d %v, want %s", lines, status, doc, want)
		}
	}
	if status, doc := admin.Call(t, "POST", "/api/rules/lifecycle/versions", `{"version":7,"strategies":{},"lines":[]}`); status != 409 || doc["current"] == nil {
		t.Errorf("an older version: %d %v", status, doc)
	}
	for body, want := range map[string]string{
		`{"stage":"active","until":"2020-01-01","reason":"续约"}`:                 "422 rule.hold.past",
		`{"stage":"active","until":"2099-01-01","reason":"续约"}`:                 "422 rule.hold.too_long",
		`{"stage":"active","until":"soon","reason":"续约"}`:                       "422 input.format",
		fmt.Sprintf(`{"stage":"potential","until":%q,"reason":"续约"}`, dayIn(0)): "422 customer.lifecycle.transition",
		fmt.Sprintf(`{"stage":"active","until":%q,"reason":" "}`, dayIn(0)):     "422 input.required",
	} {
		if status, doc := manager.Call(t, "PUT", fmt.Sprintf("/api/customers/%d/stage", own.ID), body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if status, doc := manager.Call(t, "DELETE", fmt.Sprintf("/api/customers/%d/stage", own.ID), ""); status != 404 {
		t.Errorf("released though nobody holds: %d %v", status, doc)
	}
	if _, err := x.all.Rules.Cancel(t.Context(), x.Administrator, 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("cancelled: %v", err)
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
}

// TestAClassIsProposedAndAPersonDecides runs rules on classes: nothing changes until a person confirms, what was
// declined is not proposed again by the same version, and whoever does not see a customer does not see its proposal.
func TestAClassIsProposedAndAPersonDecides(t *testing.T) {
	x := newSite(t)
	admin, head, manager := x.as(t, "administrator"), x.as(t, "head-a"), x.as(t, "manager")
	add := func(name string, unit int64, edit func(f *customer.Facts)) customer.Customer {
		f := customertest.Facts(name, unit)
		edit(&f)
		return x.Add(t, f)
	}
	nothing := func(*customer.Facts) {}
	own, other := add("甲公司", x.ManagerUnit.ID, nothing), add("乙公司", x.ColleagueUnit.ID, nothing)
	add("丙公司", x.StrangerUnit.ID, nothing)
	hidden := add("丁公司", x.ColleagueUnit.ID, func(f *customer.Facts) { f.Sensitive = true })
	large := add("戊公司", x.ManagerUnit.ID, func(f *customer.Facts) { f.Class = codes.ClassA1 })
	const lines = `{"outcome":"C","match":"all","conditions":[
		{"fact":"class","months":0,"comparison":"oneOf","number":0,"values":["D"]},{"fact":"members","months":0,"comparison":"atMost","number":9,"values":[]}]}`
	version := drafted(t, admin, "class", lines, `"C":"电话服务"`)
	if got, want := x.judged(t, "class", version, true), "5 judged, 0 held, 0 refused, D>C 4"; got != want {
		t.Errorf("dry run: %s, want %s", got, want)
	}
	if status, doc := admin.Call(t, "POST", fmt.Sprintf("/api/rules/class/versions/%d/put", version), ""); status != 200 {
		t.Fatalf("put: %d %v", status, doc)
	}
	if got, want := x.judged(t, "class", version, false), "5 judged, 0 held, 0 refused, D>C 4"; got != want {
		t.Errorf("run: %s, want %s", got, want)
	}
	listed := func(b *portaltest.Browser, query string) string {
		t.Helper()
		status, doc := b.Call(t, "GET", "/api/class-proposals"+query, "")
		if status != 200 {
			t.Fatalf("%s: %d %v", query, status, doc)
		}
		var names []string
		for _, p := range doc["items"].([]any) {
			p := p.(map[string]any)
			names = append(names, fmt.Sprint(p["name"], " ", p["from"], ">", p["to"], " ", len(p["why"].(map[string]any)["held"].([]any))))
		}
		return strings.Join(names, ", ")
	}
	for _, c := range []struct {
		browser     *portaltest.Browser
		query, want string
	}{
		{manager, "", "甲公司 D>C 2"},
		{head, "", "甲公司 D>C 2, 乙公司 D>C 2"},
		{admin, "", "甲公司 D>C 2, 乙公司 D>C 2, 丙公司 D>C 2, 丁公司 D>C 2"},
		{admin, "?to=C&from=D", "甲公司 D>C 2, 乙公司 D>C 2, 丙公司 D>C 2, 丁公司 D>C 2"},
		{admin, "?to=B1", ""},
		{admin, fmt.Sprint("?after=", other.ID), "丙公司 D>C 2, 丁公司 D>C 2"},
	} {
		if got := listed(c.browser, c.query); got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
	decide := func(b *portaltest.Browser, confirm bool, ids ...int64) string {
		t.Helper()
		status, doc := b.Call(t, "POST", "/api/class-proposals/decisions", fmt.Sprintf(`{"customers":[%s],"confirm":%v,"reason":" 已核实 "}`,
			strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]"), confirm))
		return fmt.Sprint(status, " ", doc["done"], " ", doc["refused"])
	}
	if got := decide(manager, true, own.ID); !strings.HasPrefix(got, "403") {
		t.Errorf("a manager decides: %s", got)
	}
	if got, want := decide(head, true, own.ID, hidden.ID, large.ID), "200 1 0"; got != want { // the others are not seen, or have none
		t.Errorf("confirmed: %s, want %s", got, want)
	}
	if got, want := decide(head, false, other.ID), "200 1 0"; got != want {
		t.Errorf("declined: %s, want %s", got, want)
	}
	for id, class := range map[int64]codes.Class{own.ID: "C", other.ID: "D", hidden.ID: "D"} {
		if c, err := x.Customers.Get(t.Context(), x.Everybody, id); err != nil || c.Class != class {
			t.Errorf("customer %d has class %s, want %s, %v", id, c.Class, class, err)
		}
	}
	const history = `SELECT actor || ' ' || reason FROM crm.class_history WHERE customer_id = $1 AND class_from = 'D' AND class_to = 'C'`
	if got := customertest.Value[string](t, x.DB, history, own.ID); got != "head-a 已核实" {
		t.Errorf("history: %s", got)
	}
	const trail = `SELECT count(*) FROM audit.line WHERE action = 'customer.class.decline' AND actor = 'head-a' AND customer_id = $1`
	if n := customertest.Value[int](t, x.Database.Owner(t), trail, other.ID); n != 1 {
		t.Errorf("%d lines in the trail", n)
	}
	path := fmt.Sprintf("/api/customers/%d/proposals", hidden.ID)
	if _, doc := admin.Call(t, "GET", path, ""); doc["items"].([]any)[0].(map[string]any)["to"] != "C" {
		t.Errorf("on the page: %v", doc)
	}
	if got, want := x.judged(t, "class", version, false), "5 judged, 1 held, 0 refused, D>C 2"; got != want {
		t.Errorf("second run: %s, want %s", got, want)
	}
	if _, doc := admin.Call(t, "GET", fmt.Sprintf("/api/customers/%d/proposals", other.ID), ""); len(doc["items"].([]any)) != 0 {
		t.Errorf("proposed again: %v", doc)
	}
	x.Change(t, hidden, func(f *customer.Facts) { f.Class = codes.ClassB1 }) // somebody was faster
	if got, want := listed(admin, ""), "丙公司 D>C 2"; got != want {
		t.Errorf("after a change by hand: %s, want %s", got, want)
	}
	for body, want := range map[string]string{
		`{"customers":[],"confirm":true,"reason":"核实"}`:                        "422 input.required",
		fmt.Sprintf(`{"customers":[%d],"confirm":true,"reason":""}`, other.ID): "422 input.required",
	} {
		if status, doc := head.Call(t, "POST", "/api/class-proposals/decisions", body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
}
