package province_test

import (
	"fmt"
	"net/url"
	"testing"

	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// TestAFormerNameIsFoundUntilItIsRemoved adds a former name through the portal: the duplicate check finds the
// customer by it, as long as it is there.
func TestAFormerNameIsFoundUntilItIsRemoved(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("福州榕澄电力设备有限公司（原沐岸电器有限公司）", x.ManagerUnit.ID))
	b := x.as(t, "manager")
	path := fmt.Sprintf("/api/customers/%d/names", c.ID)
	found := func() int {
		t.Helper()
		like, err := x.Customers.LookAlikes(t.Context(), x.HeadA, customer.Question{Name: "鹭岛机械股份有限公司"})
		if err != nil {
			t.Fatal(err)
		}
		return len(like.Shown)
	}
	if n := found(); n != 0 {
		t.Fatalf("found %d before", n)
	}
	status, doc := b.Call(t, "POST", path, `{"name":" 鹭岛机械有限公司 "}`)
	if status != 201 || fmt.Sprint(doc["items"]) != "[map[former:false stated:true text:福州榕澄电力设备有限公司（原沐岸电器有限公司）] "+
		"map[former:true stated:true text:沐岸电器有限公司] map[former:true stated:false text:鹭岛机械有限公司]]" {
		t.Fatalf("%d %v", status, doc)
	}
	if n := found(); n != 1 {
		t.Errorf("found %d by the former name", n)
	}
	for body, want := range map[string]string{`{"name":"鹭岛机械有限公司"}`: "customer.name.exists", `{"name":"沐岸电器有限公司"}`: "customer.name.exists", `{"name":" "}`: "customer.name.missing", `{"name":"（）"}`: "input.format"} {
		if status, doc := b.Call(t, "POST", path, body); status/100 != 4 || doc["code"] != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	for name, want := range map[string]string{"沐岸电器有限公司": "422 customer.name.stated", "无此名称": "404 customer.name.unknown"} {
		if status, doc := b.Call(t, "DELETE", path+"?name="+url.QueryEscape(name), ""); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", name, status, doc)
		}
	}
	if status, doc := b.Call(t, "DELETE", path+"?name="+url.QueryEscape("鹭岛机械有限公司"), ""); status != 200 || len(doc["items"].([]any)) != 2 {
		t.Errorf("removed: %d %v", status, doc)
	}
	if n := found(); n != 0 {
		t.Errorf("found %d after it was removed", n)
	}
	const trail = `SELECT string_agg(action || ' ' || coalesce(before ->> 'formerName', after ->> 'formerName'), ', ' ORDER BY id) FROM audit.line WHERE action LIKE 'customer.name.%'`
	if got, want := customertest.Value[string](t, x.Database.Owner(t), trail), "customer.name.add 鹭岛机械有限公司, customer.name.remove 鹭岛机械有限公司"; got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
}

// TestTheHistoryOfTheClassTellsWhy changes the class with a reason, and something else with one that is about
// nothing.
func TestTheHistoryOfTheClassTellsWhy(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	b := x.as(t, "administrator")
	path := fmt.Sprintf("/api/customers/%d", c.ID)
	if status, doc := b.Call(t, "PUT", path, stated(t, view(t, c), map[string]any{"class": string(codes.ClassB1), "classReason": " 年收入超过100万 "})); status != 200 {
		t.Fatalf("%d %v", status, doc)
	} else if status, doc = b.Call(t, "PUT", path, stated(t, doc, map[string]any{"address": "澄川路1号", "classReason": "无关"})); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	_, doc := b.Call(t, "GET", path+"/overview", "")
	var got []string
	for _, h := range doc["classHistory"].([]any) {
		line := h.(map[string]any)
		got = append(got, fmt.Sprint(line["from"], "→", line["to"], " ", line["actor"], " ", line["reason"]))
	}
	if want := "[D→B1 administrator 年收入超过100万 →D system:test ]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
