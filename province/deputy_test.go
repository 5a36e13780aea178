package province_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/province/contact"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// today is the day in China, by which people are named for others' customers.
func today() time.Time { return codes.Day(time.Now(), codes.China) }

// dayIn is today, and so many days later.
func dayIn(days int) string {
	return today().AddDate(0, 0, days).Format(time.DateOnly)
}

// TestADeputyStandsInForSomeDays has a manager name a colleague, who then reaches the manager's customers and no
// others, from the first to the last day.
func TestADeputyStandsInForSomeDays(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague, x.Stranger)
	c := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	facts := customertest.Facts("鹭岛", x.ManagerUnit.ID)
	facts.Sensitive = true
	closed := x.Add(t, facts)
	x.Add(t, customertest.Facts("闽越", x.ColleagueUnit.ID))
	if _, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, contact.Facts{Role: contact.Liaison, Name: "张某", WorkPhone: "13800001234"}); err != nil {
		t.Fatal(err)
	}
	manager, colleague, stranger, administrator := x.as(t, "manager"), x.as(t, "colleague"), x.as(t, "stranger"), x.as(t, "administrator")
	path := fmt.Sprintf("/api/customers/%d", c.ID)
	seen := func() string {
		t.Helper()
		status, page := colleague.Call(t, "GET", path+"/overview", "")
		_, list := colleague.Call(t, "GET", "/api/customers", "")
		hidden, _ := colleague.Call(t, "GET", fmt.Sprintf("/api/customers/%d", closed.ID), "")
		_, organisation := colleague.Call(t, "GET", "/api/organisation", "")
		return fmt.Sprint(status, list["total"], hidden, strings.Contains(fmt.Sprint(page), "13800001234"), strings.Contains(fmt.Sprint(organisation), "林一"))
	}
	order := func(absent, deputy int64, from, until int, reason string) string {
		return fmt.Sprintf(`{"absentId":%d,"accountId":%d,"from":%q,"until":%q,"reason":%q}`, absent, deputy, dayIn(from), dayIn(until), reason)
	}
	const alone, standingIn = "404 1 404 false false", "200 2 404 true true"
	if got := seen(); got != alone {
		t.Fatalf("before: %s", got)
	}
	own, other := x.accountID(t, "colleague"), x.accountID(t, "stranger")
	for body, want := range map[string]string{
		order(x.ManagerUnit.ID, own, -2, 3, "休假"):                     "422 deputy.from.past",
		order(x.ManagerUnit.ID, own, 300, 301, "休假"):                  "422 deputy.from.far",
		order(x.ManagerUnit.ID, own, 3, 2, "休假"):                      "422 deputy.until.before",
		order(x.ManagerUnit.ID, own, 0, 92, "休假"):                     "422 deputy.until.far",
		order(x.ManagerUnit.ID, own, 0, 3, " "):                       "422 input.required",
		order(x.ManagerUnit.ID, other, 0, 3, "休假"):                    "422 deputy.person.unknown",
		order(x.ManagerUnit.ID, x.accountID(t, "manager"), 0, 3, "休"): "422 deputy.person.unknown",
		order(x.ColleagueUnit.ID, own, 0, 3, "休假"):                    "422 deputy.absent.unknown",
	} {
		if status, doc := manager.Call(t, "POST", "/api/deputies", body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("want %s, got %d %v", want, status, doc)
		}
	}
	if _, doc := manager.Call(t, "GET", fmt.Sprint("/api/deputies/candidates?absent=", x.ManagerUnit.ID), ""); fmt.Sprint(logins(doc)) != "[colleague head-a]" {
		t.Errorf("candidates %v", doc)
	}
	status, named := manager.Call(t, "POST", "/api/deputies", order(x.ManagerUnit.ID, own, 0, 3, " 休假 "))
	if status != 201 || named["state"] != "running" || named["reason"] != "休假" {
		t.Fatalf("%d %v", status, named)
	}
	if status, doc := manager.Call(t, "POST", "/api/deputies", order(x.ManagerUnit.ID, own, 2, 5, "休假")); status != 409 || doc["code"] != "deputy.named" {
		t.Errorf("named twice: %d %v", status, doc)
	}
	if got := seen(); got != standingIn {
		t.Errorf("standing in: %s", got)
	}
	_, why := colleague.Call(t, "GET", path+"/access", "")
	if fmt.Sprint(why["reach"], why["deputyUntil"], why["manager"]) != fmt.Sprint("[deputy]", dayIn(3), "林一") {
		t.Errorf("why: %v", why)
	}
	_, doc := colleague.Call(t, "GET", path, "")
	if status, doc := colleague.Call(t, "PUT", path, stated(t, doc, map[string]any{"address": "澄川路2号"})); status != 200 {
		t.Errorf("changed: %d %v", status, doc)
	}
	_, events := administrator.Call(t, "GET", path+"/timeline?kind=change", "")
	for i, want := range []string{"customer.change colleague 林一", "contact.create system:test ", "customer.create system:test "} {
		e := events["items"].([]any)[i].(map[string]any)
		if got := fmt.Sprint(e["action"], " ", e["actor"], " ", e["absent"]); got != want {
			t.Errorf("event %d: %s, want %s", i, got, want)
		}
	}
	if status, doc := colleague.Call(t, "PUT", path+"/viewers", ""); status != 403 {
		t.Errorf("the deputy's own permissions: %d %v", status, doc)
	}
	// Who stands in for the deputy does not for the manager.
	if status, doc := administrator.Call(t, "POST", "/api/deputies", order(x.ColleagueUnit.ID, other, 0, 3, "休假")); status != 201 {
		t.Fatalf("%d %v", status, doc)
	}
	if _, list := stranger.Call(t, "GET", "/api/customers", ""); list["total"] != 1.0 {
		t.Errorf("the deputy's deputy sees %v", list["total"])
	}
	x.tellsOfDeputies(t, named["id"])
	// A sensitive customer is seen by a deputy who is named for it.
	if status, doc := administrator.Call(t, "PUT", fmt.Sprintf("/api/customers/%d/viewers", closed.ID),
		fmt.Sprintf(`{"accountId":%d,"until":%q,"reason":"专项"}`, own, dayIn(1))); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	if got := seen(); got != "200 3 200 true true" {
		t.Errorf("named for the sensitive one: %s", got)
	}
	x.endsByItself(t, named["id"], seen, alone)
}

func logins(doc map[string]any) (list []string) {
	for _, item := range doc["items"].([]any) {
		list = append(list, item.(map[string]any)["login"].(string))
	}
	return list
}

// tellsOfDeputies looks at who is told of a deputyship of the manager's, and who sees it.
func (x *site) tellsOfDeputies(t *testing.T, id any) {
	t.Helper()
	for login, want := range map[string]string{"manager": "[]", "colleague": "[colleague stranger]", "head-a": "[]", "stranger": "[stranger]"} {
		if _, doc := x.as(t, login).Call(t, "GET", "/api/deputies/notices", ""); fmt.Sprint(logins(doc)) != want {
			t.Errorf("%s is told %v, want %s", login, logins(doc), want)
		}
	}
	if status, doc := x.as(t, "colleague").Call(t, "POST", fmt.Sprint("/api/deputies/", id, "/acknowledge"), ""); status != 204 {
		t.Errorf("%d %v", status, doc)
	}
	if _, doc := x.as(t, "colleague").Call(t, "GET", "/api/deputies/notices", ""); fmt.Sprint(logins(doc)) != "[stranger]" {
		t.Errorf("acknowledged: %v", doc)
	}
	for login, want := range map[string]int{"manager": 1, "colleague": 2, "head-a": 2, "administrator": 2, "stranger": 1} {
		if _, doc := x.as(t, login).Call(t, "GET", "/api/deputies", ""); doc["total"] != float64(want) {
			t.Errorf("%s sees %v", login, doc)
		}
	}
	if _, doc := x.as(t, "head-a").Call(t, "GET", "/api/deputies?own=true", ""); doc["total"] != 0.0 {
		t.Errorf("the head's own: %v", doc)
	}
}

// endsByItself moves the days of a deputyship about and ends it.
func (x *site) endsByItself(t *testing.T, id any, seen func() string, alone string) {
	t.Helper()
	owner := x.Database.Owner(t)
	for _, days := range [][2]string{{dayIn(1), dayIn(3)}, {dayIn(-3), dayIn(-1)}} {
		if _, err := owner.Exec(t.Context(), `UPDATE crm.deputy SET from_day = $2, until_day = $3 WHERE id = $1`, id, days[0], days[1]); err != nil {
			t.Fatal(err)
		}
		if got := seen(); got != alone {
			t.Errorf("%v: %s", days, got)
		}
	}
	end := fmt.Sprint("/api/deputies/", id, "/end")
	if status, doc := x.as(t, "head-a").Call(t, "POST", end, ""); status != 422 || doc["code"] != "deputy.over" {
		t.Errorf("ended after its end: %d %v", status, doc)
	}
	if _, err := owner.Exec(t.Context(), `UPDATE crm.deputy SET from_day = $2, until_day = $2 WHERE id = $1`, id, dayIn(0)); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got == alone {
		t.Error("it holds on its only day")
	}
	if status, doc := x.as(t, "stranger").Call(t, "POST", end, ""); status != 404 {
		t.Errorf("a stranger ends it: %d %v", status, doc)
	}
	if status, doc := x.as(t, "colleague").Call(t, "POST", end, ""); status != 204 {
		t.Errorf("the deputy ends it: %d %v", status, doc)
	}
	if got := seen(); got != alone {
		t.Errorf("ended: %s", got)
	}
	for login, want := range map[string]string{"manager": "[colleague]", "colleague": "[stranger]"} { // whoever ended it is not told
		if _, doc := x.as(t, login).Call(t, "GET", "/api/deputies/notices", ""); fmt.Sprint(logins(doc)) != want {
			t.Errorf("%s is told %v, want %s", login, logins(doc), want)
		}
	}
	const trail = `SELECT string_agg(actor || ' ' || action || ' ' || (coalesce(before, after) ->> 'deputy'), ', ' ORDER BY id) FROM audit.line WHERE action LIKE 'deputy.%'`
	want := "manager deputy.name colleague, administrator deputy.name stranger, colleague deputy.end colleague"
	if got := customertest.Value[string](t, owner, trail); got != want {
		t.Errorf("trail %q", got)
	}
}
