package province_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/internal/portal/portaltest"
	"jike/province/customer/customertest"
)

// handOver orders a hand-over as somebody and gives what is answered.
func (x *site) handOver(t *testing.T, login string, order map[string]any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	return x.as(t, login).Call(t, "POST", "/api/handovers", string(body))
}

// employ gives people an account.
func (x *site) employ(t *testing.T, people ...account.Caller) {
	t.Helper()
	for _, c := range people {
		if _, err := x.accounts.Create(t.Context(), x.Everybody, account.NewAccount{
			Login: c.Login, Name: "测试", Role: c.Role, UnitID: c.UnitID, Password: portaltest.Password,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// crowd adds customers in somebody's care, without an audit trail of their own.
func (x *site) crowd(t *testing.T, manager int64, n int) (ids []int64) {
	t.Helper()
	const insert = `WITH made AS (INSERT INTO crm.customer (number, name, name_terms, industry, city, class, lifecycle, manager_id)
			SELECT 'T' || $1::bigint || '-' || i, '批量公司' || i, '{}', '65', '350100', 'D', 'active', $1::bigint FROM generate_series(1, $2::int) i RETURNING id)
		SELECT array_agg(id ORDER BY id) FROM made`
	return customertest.Value[[]int64](t, x.DB, insert, manager, n)
}

func (x *site) handoverNow(t *testing.T, login string, id any) map[string]any {
	t.Helper()
	_, doc := x.as(t, login).Call(t, "GET", "/api/handovers", "")
	for _, item := range doc["items"].([]any) {
		if h := item.(map[string]any); h["id"] == id {
			return h
		}
	}
	return nil
}

// sides says who gave and received how many.
func sides(h map[string]any) string {
	var list []string
	for _, item := range h["parties"].([]any) {
		p := item.(map[string]any)
		list = append(list, fmt.Sprint(p["side"], " ", p["name"], " ", p["customers"]))
	}
	return strings.Join(list, ", ")
}

func TestAHandOverAndItsUndo(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague, x.Stranger, x.HeadB)
	manager, colleague := x.ManagerUnit.ID, x.ColleagueUnit.ID
	customers := x.crowd(t, manager, 1200)
	x.crowd(t, colleague, 3)
	job := x.importMembers(t, customers[0], "号码\n13800000001") // open work
	choice := map[string]any{"customers": []int64{}, "filter": map[string]any{"manager": manager}}
	body, _ := json.Marshal(choice)
	status, seen := x.as(t, "head-a").Call(t, "POST", "/api/handovers/preview", string(body))
	if status != 200 || seen["customers"] != 1200.0 || seen["jobs"] != 1.0 || len(seen["managers"].([]any)) != 1 {
		t.Fatalf("%d %v", status, seen)
	}
	choice["expected"], choice["toId"], choice["reason"] = 1200, colleague, " 离职 "
	status, made := x.handOver(t, "head-a", choice)
	if status != 202 || made["job"].(map[string]any)["state"] != "queued" {
		t.Fatalf("%d %v", status, made)
	}
	// What is in other hands, or gone from view, when its turn comes stays as it is.
	for i, set := range []string{"manager_id = " + fmt.Sprint(x.StrangerUnit.ID), "manager_id = NULL", "sensitive = true"} {
		if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET `+set+` WHERE id = $1`, customers[10+i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET manager_id = $2 WHERE id = $1`, customers[13], colleague); err != nil {
		t.Fatal(err)
	}
	// The import was ordered first and is done; another one is open when the hand-over comes.
	callers := x.callers(t)
	if _, err := x.all.Jobs.Advance(t.Context(), callers); err != nil {
		t.Fatal(err)
	}
	if _, done := x.jobNow(t, "manager", job["id"]); done["state"] != "done" {
		t.Fatalf("%v", done)
	}
	open := x.importMembers(t, customers[0], "号码\n13800000002")
	x.work(t)
	h := x.handoverNow(t, "head-a", made["id"])
	counts := fmt.Sprint(h["job"].(map[string]any)["counts"])
	if counts != "map[handedOver:1196 refused:4]" || sides(h) != "from 林一 1196, to 陈二 1196" || h["reason"] != "离职" {
		t.Fatalf("%s, %s, %v", counts, sides(h), h)
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.customer WHERE manager_id = $1 AND version = 2`, colleague); n != 1196 {
		t.Errorf("%d customers are the colleague's", n)
	}
	if _, done := x.jobNow(t, "colleague", open["id"]); done["state"] != "done" || done["owner"] != "colleague" {
		t.Errorf("the open import: %v", done)
	}
	// Both parties are told, until they acknowledge it; strangers see nothing of it.
	for _, login := range []string{"manager", "colleague"} {
		_, notices := x.as(t, login).Call(t, "GET", "/api/handovers/notices", "")
		if len(notices["items"].([]any)) != 1 || x.handoverNow(t, login, made["id"]) == nil {
			t.Errorf("%s is told %v", login, notices)
		}
		if status, _ := x.as(t, login).Call(t, "POST", fmt.Sprint("/api/handovers/", made["id"], "/acknowledge"), ""); status != 204 {
			t.Errorf("%d", status)
		}
		if _, notices = x.as(t, login).Call(t, "GET", "/api/handovers/notices", ""); len(notices["items"].([]any)) != 0 {
			t.Errorf("%s is told again: %v", login, notices)
		}
	}
	for _, login := range []string{"stranger", "head-b"} {
		if h := x.handoverNow(t, login, made["id"]); h != nil {
			t.Errorf("%s sees %v", login, h)
		}
	}
	_, history := x.as(t, "colleague").Call(t, "GET", fmt.Sprintf("/api/customers/%d/responsibility", customers[0]), "")
	first := history["items"].([]any)[0].(map[string]any)
	if first["from"] != "林一" || first["to"] != "陈二" || first["actor"] != "head-a" || first["reason"] != "离职" || first["handoverId"] != made["id"] {
		t.Errorf("%v", first)
	}
	x.handBack(t, made["id"], customers)
}

// handBack undoes the hand-over of a test: all goes back but what was changed since.
func (x *site) handBack(t *testing.T, id any, customers []int64) {
	t.Helper()
	for _, to := range []int64{x.ManagerUnit.ID, x.ColleagueUnit.ID} { // there and back is a change, too
		status, again := x.handOver(t, "head-a", map[string]any{"customers": customers[:2], "expected": 2, "toId": to, "reason": "试"})
		if status != 202 {
			t.Fatalf("%d %v", status, again)
		}
		x.work(t)
	}
	path := fmt.Sprint("/api/handovers/", id, "/undo")
	status, undo := x.as(t, "head-a").Call(t, "POST", path, `{"reason":"误移交"}`)
	if status != 202 || undo["undoesId"] != id || undo["customers"] != 1196.0 {
		t.Fatalf("%d %v", status, undo)
	}
	if status, doc := x.as(t, "head-a").Call(t, "POST", fmt.Sprint("/api/handovers/", undo["id"], "/undo"), `{"reason":"误"}`); status != 422 || doc["code"] != "handover.runs" {
		t.Errorf("%d %v", status, doc)
	}
	x.work(t)
	h := x.handoverNow(t, "head-a", undo["id"])
	if counts := fmt.Sprint(h["job"].(map[string]any)["counts"]); counts != "map[handedOver:1194 refused:2]" || sides(h) != "to 林一 1194, from 陈二 1194" {
		t.Errorf("%s, %s", counts, sides(h))
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.customer WHERE manager_id = $1`, x.ManagerUnit.ID); n != 1195 { // with the one that was sensitive
		t.Errorf("%d customers are the manager's again", n)
	}
	if h := x.handoverNow(t, "head-a", id); h["undoneBy"] != undo["id"] {
		t.Errorf("%v", h)
	}
	if status, doc := x.as(t, "head-a").Call(t, "POST", path, `{"reason":"再"}`); status != 409 || doc["code"] != "handover.undone" {
		t.Errorf("%d %v", status, doc)
	}
	trail := customertest.Value[string](t, x.DB, `SELECT string_agg(action, ' ' ORDER BY id) FROM audit.line WHERE customer_id = $1`, customers[5])
	if trail != "customer.assign customer.assign" {
		t.Errorf("trail of a customer: %s", trail)
	}
}

func TestAHandOverHoldsToTheScopeOfBothParties(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.HeadB)
	mine, strange := x.crowd(t, x.ManagerUnit.ID, 2), x.crowd(t, x.StrangerUnit.ID, 1)
	order := func(edit map[string]any) map[string]any {
		o := map[string]any{"customers": mine, "expected": 2, "toId": x.ColleagueUnit.ID, "reason": "调岗"}
		for k, v := range edit {
			o[k] = v
		}
		return o
	}
	for _, c := range []struct {
		login  string
		edit   map[string]any
		status int
		code   string
	}{
		{"manager", nil, 403, "permission.missing"},
		{"head-a", map[string]any{"toId": x.StrangerUnit.ID}, 422, "handover.to.unknown"},
		{"head-a", map[string]any{"toId": x.DepartmentA.ID}, 422, "handover.to.unknown"},
		{"head-a", map[string]any{"customers": strange, "expected": 1}, 422, "choice.none"},
		{"head-b", map[string]any{"toId": x.StrangerUnit.ID}, 422, "choice.none"},
		{"head-a", map[string]any{"expected": 3}, 409, "choice.changed"},
		{"head-a", map[string]any{"customers": append(mine, strange...), "expected": 3}, 409, "choice.changed"},
		{"head-a", map[string]any{"reason": " "}, 422, "handover.reason.missing"},
		{"administrator", map[string]any{"customers": strange, "expected": 1}, 202, ""},
	} {
		status, doc := x.handOver(t, c.login, order(c.edit))
		if status != c.status || !strings.Contains(fmt.Sprint(doc), c.code) {
			t.Errorf("%s %v: %d %v", c.login, c.edit, status, doc)
		}
	}
	// Whoever loses the right meanwhile hands nothing over.
	status, doc := x.handOver(t, "head-a", order(nil))
	if status != 202 {
		t.Fatalf("%d %v", status, doc)
	}
	if _, err := x.DB.Exec(t.Context(), `UPDATE account.account SET role = 'account_manager' WHERE login = 'head-a'`); err != nil {
		t.Fatal(err)
	}
	for callers := x.callers(t); ; {
		if worked, _ := x.all.Jobs.Advance(t.Context(), callers); !worked {
			break
		}
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.customer WHERE manager_id = $1`, x.ManagerUnit.ID); n != 2 {
		t.Errorf("%d of 2 customers are left to the manager", n)
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.customer WHERE manager_id = $1`, x.ColleagueUnit.ID); n != 1 {
		t.Errorf("the administrator handed over %d of 1 customer", n)
	}
}

func TestEveryChangeOfAManagerIsInTheHistory(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	doc := view(t, c)
	status, changed := x.as(t, "head-a").Call(t, "PUT", fmt.Sprint("/api/customers/", c.ID), stated(t, doc, map[string]any{"managerId": x.ColleagueUnit.ID}))
	if status != 200 {
		t.Fatalf("%d %v", status, changed)
	}
	_, history := x.as(t, "head-a").Call(t, "GET", fmt.Sprintf("/api/customers/%d/responsibility", c.ID), "")
	var lines []string
	for _, item := range history["items"].([]any) {
		r := item.(map[string]any)
		lines = append(lines, fmt.Sprint(r["from"], ">", r["to"], " ", r["actor"], " ", r["handoverId"]))
	}
	if got := strings.Join(lines, ", "); got != "林一>陈二 head-a 0, >林一 system:test 0" {
		t.Error(got)
	}
}
