package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/province/contact"
	"jike/province/customer/customertest"
)

// enlist puts an account into the teams of customers from today on.
const enlist = `INSERT INTO crm.team_member (customer_id, account_id, duty, from_day, until_day, named_by)
	SELECT id, $1, 'assistant', crm.today(), crm.today() + 30, 'test' FROM unnest($2::bigint[]) AS u (id)`

// naming is a member of a team as the portal states it.
func naming(account int64, duty string, from, until int) string {
	return fmt.Sprintf(`{"accountId":%d,"duty":%q,"from":%q,"until":%q}`, account, duty, dayIn(from), dayIn(until))
}

// TestATeamMemberServesACustomer has a manager name a colleague for a customer's team: the colleague reads that customer
// and no other, writes contacts, interactions, situations and wishes, and decides nothing.
func TestATeamMemberServesACustomer(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague, x.Stranger)
	c := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	facts := customertest.Facts("鹭岛", x.ManagerUnit.ID)
	facts.Sensitive = true
	closed := x.Add(t, facts)
	x.Add(t, customertest.Facts("闽越", x.ManagerUnit.ID))
	x.Add(t, customertest.Facts("马江", x.ColleagueUnit.ID))
	if _, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, contact.Facts{Role: contact.Liaison, Name: "张某", WorkPhone: "13800001234"}); err != nil {
		t.Fatal(err)
	}
	manager, colleague, administrator := x.as(t, "manager"), x.as(t, "colleague"), x.as(t, "administrator")
	path, team := fmt.Sprintf("/api/customers/%d", c.ID), fmt.Sprintf("/api/customers/%d/team", c.ID)
	seen := func() string {
		t.Helper()
		status, page := colleague.Call(t, "GET", path+"/overview", "")
		_, list := colleague.Call(t, "GET", "/api/customers", "")
		_, served := colleague.Call(t, "GET", "/api/customers?team=true", "")
		hidden, _ := colleague.Call(t, "GET", fmt.Sprintf("/api/customers/%d", closed.ID), "")
		return fmt.Sprint(status, list["total"], served["total"], hidden, strings.Contains(fmt.Sprint(page), "13800001234"))
	}
	const alone, serving = "404 1 0 404 false", "200 2 1 404 false"
	if got := seen(); got != alone {
		t.Fatalf("before: %s", got)
	}
	own, stranger := x.accountID(t, "colleague"), x.accountID(t, "stranger")
	for body, want := range map[string]string{
		naming(own, "assistant", -2, 3):                           "422 team.from.past",
		naming(own, "assistant", 300, 301):                        "422 team.from.far",
		naming(own, "assistant", 3, 2):                            "422 team.until.before",
		naming(own, "assistant", 0, 800):                          "422 team.until.far",
		naming(stranger, "assistant", 0, 3):                       "422 team.person.unknown", // of another city
		naming(x.accountID(t, "manager"), "assistant", 0, 3):      "422 team.person.unknown",
		naming(x.accountID(t, "administrator"), "owner", 0, 3):    "422 input.invalid",
		naming(x.accountID(t, "analyst"), "assistant", 0, 3):      "422 team.person.unknown",
		`{"accountId":1,"duty":"assistant","from":"","until":""}`: "422 input.format",
	} {
		if status, doc := manager.Call(t, "POST", team, body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("want %s, got %d %v", want, status, doc)
		}
	}
	for login, want := range map[string]string{"manager": "[colleague head-a]", "administrator": "[colleague head-a stranger]"} {
		if _, doc := x.as(t, login).Call(t, "GET", team+"/candidates", ""); fmt.Sprint(logins(doc)) != want {
			t.Errorf("%s can name %v, want %s", login, logins(doc), want)
		}
	}
	if _, doc := manager.Call(t, "GET", team+"/candidates?q=LLEA", ""); fmt.Sprint(logins(doc)) != "[colleague]" {
		t.Errorf("found by a part of the login: %v", doc)
	}
	status, doc := manager.Call(t, "POST", team, naming(own, "project_manager", 0, 30))
	if status != 201 || fmt.Sprint(logins(doc), doc["inCharge"]) != "[colleague] true" {
		t.Fatalf("%d %v", status, doc)
	}
	id := doc["items"].([]any)[0].(map[string]any)["id"]
	if status, doc := manager.Call(t, "POST", team, naming(own, "assistant", 20, 40)); status != 409 || doc["code"] != "team.named" {
		t.Errorf("named twice: %d %v", status, doc)
	}
	if got := seen(); got != serving {
		t.Errorf("serving: %s", got)
	}
	_, why := colleague.Call(t, "GET", path+"/access", "")
	if fmt.Sprint(why["reach"], why["teamDuty"], why["teamUntil"]) != fmt.Sprint("[team]project_manager", dayIn(30)) {
		t.Errorf("why: %v", why)
	}
	if got, want := x.told(t, "colleague"), fmt.Sprintf("1 榕澄 %d named by manager", c.ID); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	x.servesAndDecidesNothing(t, c.ID)
	// A sensitive customer is seen by a member who is named for it.
	viewers := fmt.Sprintf("/api/customers/%d/viewers", closed.ID)
	named := fmt.Sprintf(`{"accountId":%d,"until":%q,"reason":"专项"}`, own, dayIn(1))
	if status, doc := administrator.Call(t, "PUT", viewers, named); status != 422 {
		t.Errorf("named without being in the team: %d %v", status, doc)
	}
	if status, doc := administrator.Call(t, "POST", fmt.Sprintf("/api/customers/%d/team", closed.ID), naming(own, "billing_specialist", 0, 3)); status != 201 {
		t.Fatalf("%d %v", status, doc)
	}
	if got := seen(); got != serving {
		t.Errorf("in the team of a sensitive one: %s", got)
	}
	if got := x.told(t, "colleague"); got != "1  <nil> named by administrator" {
		t.Errorf("told of a sensitive one: %s", got)
	}
	if status, doc := administrator.Call(t, "PUT", viewers, named); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	if got := seen(); got != "200 3 2 200 false" {
		t.Errorf("named for it: %s", got)
	}
	if status, _ := x.as(t, "stranger").Call(t, "POST", fmt.Sprint("/api/team-members/", id, "/end"), ""); status != 404 {
		t.Errorf("a stranger ends it: %d", status)
	}
	if status, doc := colleague.Call(t, "POST", fmt.Sprint("/api/team-members/", id, "/end"), ""); status != 204 {
		t.Errorf("the member ends it: %d %v", status, doc)
	}
	if status, doc := manager.Call(t, "POST", fmt.Sprint("/api/team-members/", id, "/end"), ""); status != 422 || doc["code"] != "team.over" {
		t.Errorf("ended after its end: %d %v", status, doc)
	}
	_, doc = manager.Call(t, "GET", team, "")
	if m := doc["items"].([]any)[0].(map[string]any); m["state"] != "over" || m["endedBy"] != "colleague" || m["namedBy"] != "manager" {
		t.Errorf("the history: %v", m)
	}
	if got := seen(); got != "404 2 1 200 false" {
		t.Errorf("ended: %s", got)
	}
	for _, call := range []struct{ path, body string }{{"/situations", noted}, {"/wishes", wished("")}, {"/interactions", met}} {
		if status, doc := colleague.Call(t, "POST", path+call.path, call.body); status != 404 {
			t.Errorf("in the team of another customer only, %s: %d %v", call.path, status, doc)
		}
	}
}

// What a member of a team writes, as the portal states it.
const (
	met   = `{"contactId":null,"channel":"visit","at":"2026-01-02T03:04:05Z","subject":"拜访","body":"","nextStep":"","nextOn":"","nextDone":false}`
	noted = `{"ofDay":"2026-02-01","sales":"rises","headcount":"","plan":"","carrier":"","carrierUntil":"","supplier":"","supplierUntil":"","budgetMonth":0,"body":""}`
)

// wished is an open wish as the portal states it, with edits.
func wished(edits string) string {
	return `{"kind":"price","body":"降价","wantedOn":"","status":"open","answer":""` + edits + `}`
}

// servesAndDecidesNothing has the colleague write what a member of the customer's team writes, and try what one does not.
func (x *site) servesAndDecidesNothing(t *testing.T, customerID int64) {
	t.Helper()
	path := fmt.Sprintf("/api/customers/%d", customerID)
	colleague := x.as(t, "colleague")
	_, doc := colleague.Call(t, "GET", path, "")
	change := stated(t, doc, map[string]any{"address": "澄川路2号"})
	const person = `{"role":"other","name":"李某","workPhone":"","title":"","email":"","mobile":"","birthday":"","family":"","hobbies":"",` +
		`"decisionRole":"unstated","influence":0,"attitude":"unknown","channel":"any","hoursFrom":"","hoursTo":"","doNotContact":false}`
	const promise = `,"status":"answered","answer":"降一成"`
	manager := x.as(t, "manager")
	_, open := manager.Call(t, "POST", path+"/wishes", wished(""))
	_, answered := manager.Call(t, "POST", path+"/wishes", wished(promise))
	const agreed = `{"number":"HT1","name":"协议","signedOn":"2026-01-01","effectiveOn":"2026-01-01","expiresOn":"2027-01-01","autoRenew":false,"amountFen":1,"status":"active"}`
	for _, call := range []struct{ method, path, body, want string }{
		{"POST", path + "/contacts", person, "201 <nil>"},
		{"POST", path + "/interactions", met, "201 <nil>"},
		{"POST", path + "/situations", noted, "201 <nil>"},
		{"POST", path + "/wishes", wished(""), "201 <nil>"},
		{"PUT", fmt.Sprint("/api/wishes/", open["id"]), wished(`,"body":"两条专线降价","version":1`), "200 <nil>"},
		{"PUT", fmt.Sprint("/api/wishes/", open["id"]), wished(promise + `,"version":1`), "409 wish.version.conflict"},
		{"PUT", fmt.Sprint("/api/wishes/", open["id"]), wished(promise + `,"version":2`), "403 customer.team.serves"},
		{"PUT", fmt.Sprint("/api/wishes/", answered["id"]), wished(`,"version":1`), "403 customer.team.serves"},
		{"PUT", fmt.Sprint("/api/wishes/", answered["id"]), wished(promise + `,"body":"白送","version":1`), "403 customer.team.serves"},
		{"POST", path + "/wishes", wished(promise), "403 customer.team.serves"},
		{"PUT", path, change, "403 customer.team.serves"},
		{"POST", path + "/contracts", agreed, "403 customer.team.serves"},
		{"POST", path + "/members", `{"phone":"13900000001","joinedOn":"2026-01-01","name":"","department":"","duty":"","shortNumber":""}`, "403 customer.team.serves"},
		{"POST", path + "/members/import", `{"text":"号码\n13700000001","day":"2026-01-01"}`, "403 customer.team.serves"},
		{"POST", path + "/team", naming(x.accountID(t, "head-a"), "assistant", 0, 3), "403 customer.team.serves"},
		{"POST", path + "/return", `{"reason":"无法服务"}`, "403 customer.team.serves"},
		{"GET", path + "/team/candidates", "", "403 customer.team.serves"},
	} {
		if status, doc := colleague.Call(t, call.method, call.path, call.body); fmt.Sprint(status, " ", doc["code"]) != call.want {
			t.Errorf("%s %s: %d %v, want %s", call.method, call.path, status, doc, call.want)
		}
	}
	interactionID := customertest.Value[int64](t, x.DB, `SELECT id FROM crm.interaction WHERE customer_id = $1`, customerID)
	if status, doc := colleague.Call(t, "POST", fmt.Sprintf("/api/interactions/%d/documents", interactionID), `{"name":"纪要.txt","content":"5Y2P6K6u"}`); status != 201 {
		t.Errorf("a file of what was said: %d %v", status, doc)
	}
	for login, answers := range map[string]bool{"colleague": false, "manager": true} {
		_, doc := x.as(t, login).Call(t, "GET", "/api/wishes", "")
		items := doc["items"].([]any)
		for _, item := range items {
			if item.(map[string]any)["inCharge"] != answers {
				t.Errorf("%s answers a wish: %v", login, item)
			}
		}
		if len(items) != 2 {
			t.Errorf("%s lists %d wishes", login, len(items))
		}
	}
	if _, doc := colleague.Call(t, "GET", path+"/team", ""); doc["inCharge"] != false {
		t.Errorf("in charge: %v", doc)
	}
	if n := customertest.Value[int](t, x.DB, `SELECT version FROM crm.customer WHERE id = $1`, customerID); n != 1 {
		t.Errorf("the customer is in version %d", n)
	}
}

// told gives what the notices tell a login of teams, and acknowledges them.
func (x *site) told(t *testing.T, login string) string {
	t.Helper()
	b := x.as(t, login)
	_, doc := b.Call(t, "GET", "/api/team-members/notices", "")
	var list []string
	for _, item := range doc["items"].([]any) {
		n := item.(map[string]any)
		act := map[bool]string{false: "named", true: "released"}[n["released"].(bool)]
		list = append(list, fmt.Sprint(n["customers"], " ", n["customer"], " ", n["customerId"], " ", act, " by ", n["by"], n["reason"]))
		if status, doc := x.as(t, "head-a").Call(t, "POST", fmt.Sprint("/api/team-members/", n["id"], "/acknowledge"), ""); status != 204 {
			t.Errorf("acknowledged for another: %d %v", status, doc)
		}
		if _, again := b.Call(t, "GET", "/api/team-members/notices", ""); len(again["items"].([]any)) != len(doc["items"].([]any))-len(list)+1 {
			t.Errorf("after another has acknowledged it: %v", again)
		}
		b.Call(t, "POST", fmt.Sprint("/api/team-members/", n["id"], "/acknowledge"), "")
	}
	if _, doc := b.Call(t, "GET", "/api/team-members/notices", ""); len(doc["items"].([]any)) != 0 {
		t.Errorf("acknowledged: %v", doc)
	}
	return strings.Join(list, ", ")
}

// TestAMemberIsToldOfARelease names a colleague for the teams of customers, releases one, and hands the others over in
// one hand-over of several batches; who leaves a team needs no telling, nor does who is closed.
func TestAMemberIsToldOfARelease(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague)
	own, manager := x.accountID(t, "colleague"), x.as(t, "manager")
	customers := x.crowd(t, x.ManagerUnit.ID, 450)
	var ids []any
	for _, id := range customers[:3] {
		_, doc := manager.Call(t, "POST", fmt.Sprintf("/api/customers/%d/team", id), naming(own, "assistant", 0, 3))
		ids = append(ids, doc["items"].([]any)[0].(map[string]any)["id"])
	}
	if _, err := x.DB.Exec(t.Context(), enlist, own, customers[3:]); err != nil {
		t.Fatal(err)
	}
	if got := x.told(t, "colleague"); strings.Count(got, "named by manager") != 3 {
		t.Errorf("named: %s", got)
	}
	manager.Call(t, "POST", fmt.Sprint("/api/team-members/", ids[0], "/end"), "")
	if got, want := x.told(t, "colleague"), "1 批量公司1 <nil> released by manager"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	x.as(t, "colleague").Call(t, "POST", fmt.Sprint("/api/team-members/", ids[1], "/end"), "")
	if got := x.told(t, "colleague"); got != "" {
		t.Errorf("whoever leaves is told %s", got)
	}
	order := map[string]any{"customers": customers[2:], "expected": 448, "toId": x.neighbour(t), "reason": "调岗", "releaseTeams": true}
	if status, doc := x.handOver(t, "administrator", order); status != 202 {
		t.Fatalf("%d %v", status, doc)
	}
	x.work(t)
	if got := x.told(t, "colleague"); !strings.HasPrefix(got, "448 ") || !strings.HasSuffix(got, "released by administrator调岗") || strings.Contains(got, ",") {
		t.Errorf("a hand-over tells %s", got)
	}
}

// TestATeamIsReleasedWithAHandOverOrAnAccount hands one customer over with its team and one without, and closes the
// account of a member, whom opening it again brings into no team.
func TestATeamIsReleasedWithAHandOverOrAnAccount(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague)
	customers, own := x.crowd(t, x.ManagerUnit.ID, 3), x.accountID(t, "colleague")
	if _, err := x.DB.Exec(t.Context(), enlist, own, customers); err != nil {
		t.Fatal(err)
	}
	running := func() int {
		t.Helper()
		return customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.team_member WHERE ended_at IS NULL`)
	}
	if _, doc := x.as(t, "head-a").Call(t, "POST", "/api/handovers/preview", fmt.Sprintf(`{"customers":[%d,%d]}`, customers[0], customers[1])); doc["team"] != 2.0 {
		t.Errorf("foreseen: %v", doc)
	}
	for i, release := range []bool{false, true} {
		order := map[string]any{"customers": customers[i : i+1], "expected": 1, "toId": x.neighbour(t), "reason": "调岗", "releaseTeams": release}
		if status, doc := x.handOver(t, "administrator", order); status != 202 {
			t.Fatalf("%d %v", status, doc)
		}
		x.work(t)
		if got, want := running(), 3-i; got != want {
			t.Errorf("released %v: %d run, want %d", release, got, want)
		}
	}
	if _, doc := x.as(t, "colleague").Call(t, "GET", "/api/customers?team=true", ""); doc["total"] != 2.0 {
		t.Errorf("left: %v", doc["total"])
	}
	for _, active := range []bool{false, true} {
		_, doc := x.as(t, "administrator").Call(t, "GET", fmt.Sprint("/api/accounts/", own), "")
		body := fmt.Sprintf(`{"version":%.0f,"name":"测试","role":"account_manager","unitId":%d,"active":%v}`, doc["version"], x.ColleagueUnit.ID, active)
		if status, doc := x.as(t, "administrator").Call(t, "PUT", fmt.Sprint("/api/accounts/", own), body); status != 200 {
			t.Fatalf("%d %v", status, doc)
		}
		if got := running(); got != 0 {
			t.Errorf("active %v: %d run", active, got)
		}
	}
	if got := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.team_member WHERE NOT member_seen AND handover_id IS NOT NULL`); got != 1 {
		t.Errorf("told of %d, want the hand-over", got)
	}
	if got := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.team_member WHERE NOT member_seen`); got != 1 {
		t.Errorf("told of %d, want nothing of the account", got)
	}
	const trail = `SELECT string_agg(actor || ' ' || (before ->> 'member') || ' ' || customer_id, ', ' ORDER BY customer_id) FROM audit.line WHERE action = 'team.end'`
	want := fmt.Sprintf("administrator colleague %d, administrator colleague %d, administrator colleague %d", customers[0], customers[1], customers[2])
	if got := customertest.Value[string](t, x.Database.Owner(t), trail); got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
}

// TestAnAccountIsInNoMoreTeamsThanItCanServe fills an account up.
func TestAnAccountIsInNoMoreTeamsThanItCanServe(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague)
	customers, own := x.crowd(t, x.ManagerUnit.ID, 501), x.accountID(t, "colleague")
	if _, err := x.DB.Exec(t.Context(), enlist, own, customers[:500]); err != nil {
		t.Fatal(err)
	}
	status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/team", customers[500]), naming(own, "assistant", 0, 3))
	if status != 422 || doc["code"] != "team.person.teams" {
		t.Errorf("%d %v", status, doc)
	}
	if c, err := x.accounts.Caller(t.Context(), own); err != nil || !c.Teams || (account.Caller{}).Teams {
		t.Errorf("%+v, %v", c, err)
	}
}
