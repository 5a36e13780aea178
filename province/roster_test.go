package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/internal/portal/portaltest"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

// TestARosterHoldsCustomersWithReasons makes a roster, puts customers in by hand and by a filter, each caller as far as
// he sees them, lists by it, and takes out; what is refused changes nothing.
func TestARosterHoldsCustomersWithReasons(t *testing.T) {
	x := newSite(t)
	head, admin, manager := x.as(t, "head-a"), x.as(t, "administrator"), x.as(t, "manager")
	add := func(name string, unit int64, sensitive bool) customer.Customer {
		f := customertest.Facts(name, unit)
		f.Sensitive = sensitive
		return x.Add(t, f)
	}
	own, colleague := add("甲公司", x.ManagerUnit.ID, false), add("乙公司", x.ColleagueUnit.ID, false)
	hidden, far := add("丙公司", x.ColleagueUnit.ID, true), add("丁公司", x.StrangerUnit.ID, false)
	status, made := head.Call(t, "POST", "/api/rosters", `{"name":" 节前走访 ","purpose":"春节前走访","closed":false}`)
	if status != 201 || made["name"] != "节前走访" {
		t.Fatalf("made: %d %v", status, made)
	}
	path := fmt.Sprintf("/api/rosters/%.0f", made["id"])
	put := func(b *portaltest.Browser, body string) string {
		t.Helper()
		status, doc := b.Call(t, "POST", path+"/customers", body)
		return fmt.Sprint(status, " ", doc["customers"])
	}
	if got, want := put(head, fmt.Sprintf(`{"customers":[%d,%d,%d],"reason":" 老客户 "}`, own.ID, hidden.ID, far.ID)), "200 1"; got != want { // the others are not seen
		t.Errorf("by hand: %s, want %s", got, want)
	}
	if got, want := put(admin, `{"customers":[],"filter":{"class":["D"],"q":"公司"},"reason":"全部走访"}`), "200 3"; got != want { // the fourth is in it
		t.Errorf("by a filter: %s, want %s", got, want)
	}
	listed := func(b *portaltest.Browser) string {
		t.Helper()
		_, doc := b.Call(t, "GET", fmt.Sprintf("/api/customers?roster=%.0f", made["id"]), "")
		var names []string
		for _, item := range doc["items"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		return fmt.Sprint(doc["total"], " ", strings.Join(names, " "))
	}
	for login, want := range map[string]string{"manager": "1 甲公司", "head-a": "2 甲公司 乙公司", "administrator": "4 甲公司 乙公司 丙公司 丁公司"} {
		if got := listed(x.as(t, login)); got != want {
			t.Errorf("%s lists %s, want %s", login, got, want)
		}
	}
	_, doc := manager.Call(t, "GET", fmt.Sprintf("/api/customers/%d/rosters", own.ID), "")
	entry := doc["items"].([]any)[0].(map[string]any)
	if len(doc["items"].([]any)) != 1 || entry["name"] != "节前走访" || entry["reason"] != "老客户" || entry["addedBy"] != "head-a" {
		t.Errorf("on the page: %v", doc)
	}
	if status, doc := head.Call(t, "POST", path+"/customers/take", fmt.Sprintf(`{"customers":[%d,%d]}`, colleague.ID, far.ID)); status != 200 || doc["customers"] != 1.0 {
		t.Errorf("taken: %d %v", status, doc)
	}
	if got, want := listed(admin), "3 甲公司 丙公司 丁公司"; got != want {
		t.Errorf("after that: %s, want %s", got, want)
	}
	const trail = `SELECT string_agg(action, ' ' ORDER BY id) FROM audit.line WHERE object_kind = 'roster' AND customer_id = $1`
	if got := customertest.Value[string](t, x.Database.Owner(t), trail, colleague.ID); got != "roster.put roster.take" {
		t.Errorf("trail: %s", got)
	}
	if status, doc := head.Call(t, "PUT", path, `{"version":1,"name":"节前走访","purpose":"已结束","closed":true}`); status != 200 || doc["version"] != 2.0 {
		t.Fatalf("closed: %d %v", status, doc)
	}
	before := pgtest.Digest(t, x.Database.Owner(t))
	if status, doc := head.Call(t, "PUT", path, `{"version":1,"name":"走访","purpose":"走访","closed":false}`); status != 409 || doc["current"] == nil {
		t.Errorf("an older version: %d %v", status, doc)
	}
	for body, want := range map[string]string{
		`{"name":"节前走访","purpose":"又一个","closed":false}`: "409 roster.name.exists",
		`{"name":" ","purpose":"又一个","closed":false}`:    "422 input.required",
	} {
		if status, doc := head.Call(t, "POST", "/api/rosters", body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if status, doc := head.Call(t, "POST", path+"/customers", fmt.Sprintf(`{"customers":[%d],"reason":"补充"}`, colleague.ID)); status != 422 || doc["code"] != "roster.closed" {
		t.Errorf("into a closed one: %d %v", status, doc)
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
}
