package province_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/internal/portal/portaltest"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer/customertest"
	"jike/province/member"
	"jike/province/merge"
	"jike/schemas/codes"
	"jike/xmlapi/journal"
)

// The callers of the matrix: nobody, and one of each role.
var callers = []string{"", "manager", "head-a", "administrator", "analyst"}

// The objects of the matrix, seen from the manager and the head of department A.
var objects = []string{"own", "colleague's", "other department", "other province", "nobody's", "own sensitive", "other sensitive"}

// sees says which objects each caller reaches.
var sees = map[string][]string{
	"manager":       {"own", "own sensitive"},
	"head-a":        {"own", "colleague's"},
	"administrator": {"own", "colleague's", "other department", "nobody's", "own sensitive", "other sensitive"},
}

// everybodySignedIn are the callers with a session.
var everybodySignedIn = []string{"manager", "head-a", "administrator", "analyst"}

// provincial are the callers who work with customers.
var provincial = []string{"manager", "head-a", "administrator"}

// allowed says who may call each operation; the others must be refused.
var allowed = map[string][]string{
	"session-get": everybodySignedIn, "session-language": everybodySignedIn, "session-password": everybodySignedIn,
	"session-list": everybodySignedIn, "session-end": everybodySignedIn,
	"account-list": {"administrator"}, "account-create": {"administrator"}, "account-get": {"administrator"}, "account-change": {"administrator"},
	"account-reset": {"administrator"}, "account-unlock": {"administrator"}, "account-session-list": {"administrator"}, "account-session-end": {"administrator"},
	"organisation-get": provincial, "customer-list": provincial, "customer-create": provincial,
	"customer-get": provincial, "customer-change": provincial, "customer-overview": provincial,
	"contact-create": provincial, "contact-change": provincial, "contact-remove": provincial, "contact-reveal": provincial,
	"birthday-list":   {"manager"},
	"contract-create": provincial, "contract-change": provincial, "contract-renew": provincial, "contract-due": provincial,
	"document-list": provincial, "document-add": provincial, "document-get": provincial, "document-remove": provincial,
	"member-list": provincial, "member-join": provincial, "member-change": provincial, "member-leave": provincial, "member-import": provincial,
	"job-list": provincial, "job-get": provincial, "job-cancel": provincial, "job-result": provincial,
	"reference-state": provincial, "reference-list": provincial, "notice-list": provincial, "product-extend": {"administrator"},
	"exchange-list": {"administrator"}, "exchange-get": {"administrator"},
	"merge-list": provincial, "merge-make": {"head-a", "administrator"}, "merge-undo": {"head-a", "administrator"},
	"hierarchy-get": provincial, "hierarchy-children": provincial,
	"customer-look-alikes": provincial, "customer-selection": provincial, "selection-proof": {"administrator"},
	"selection-policy-list": {"administrator"}, "selection-policy-get": {"administrator"}, "selection-policy-propose": {"administrator"},
	"selection-policy-try": {"administrator"}, "selection-policy-approve": {"administrator"}, "selection-policy-pause": {"administrator"},
	"selection-policy-resume": {"administrator"}, "selection-policy-cancel": {"administrator"},
}

// withoutAnswer are the operations that answer with nothing.
var withoutAnswer = []string{"contact-remove", "document-remove", "product-extend", "session-end", "account-unlock", "account-session-end"}

// family is a fresh customer with a contact and a contract.
type family struct {
	customer, contact, contract, member int64
	document                            map[string]any
}

// make makes a fresh object of the kind; "other province" has ids that nobody here has.
func (x *site) make(t *testing.T, object string, n int) family {
	t.Helper()
	if object == "other province" {
		return family{1 << 40, 1 << 40, 1 << 40, 1 << 40, map[string]any{
			"version": 1, "name": "甲", "industry": "65", "city": "330100", "class": "D", "lifecycle": "active", "creditCode": "",
			"sensitive": false, "crossProvince": false, "address": "", "postcode": "", "legalPerson": "", "profile": "", "remark": "",
			"organisationType": "", "licenceType": "", "licenceNumber": "", "creditLevel": "",
		}}
	}
	f := customertest.Facts(fmt.Sprint("甲", n), map[string]int64{
		"own": x.ManagerUnit.ID, "own sensitive": x.ManagerUnit.ID, "colleague's": x.ColleagueUnit.ID,
		"other department": x.StrangerUnit.ID, "other sensitive": x.StrangerUnit.ID,
	}[object])
	f.Sensitive = strings.Contains(object, "sensitive")
	c := x.Add(t, f)
	person, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, contact.Facts{Role: contact.Other, Name: "张某"})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	agreed, err := x.all.Contracts.Add(t.Context(), x.Everybody, c.ID, contract.Facts{
		Number: fmt.Sprint("HT", n), Name: "协议", SignedOn: day, EffectiveOn: day, ExpiresOn: day, Status: contract.Active,
	})
	if err != nil {
		t.Fatal(err)
	}
	line, err := x.all.Members.Join(t.Context(), x.Everybody, c.ID, codes.Phone(fmt.Sprintf("138%08d", n)), day, member.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	return family{c.ID, person.ID, agreed.ID, line.ID, view(t, c)}
}

// request is a good request of an operation for an object, and whether it concerns the object.
func (x *site) request(t *testing.T, op portal.Operation, o family, caller string, n int) (path, body string, concerns bool) {
	t.Helper()
	const agreed = `"name":"协议","signedOn":"2026-01-01","effectiveOn":"2026-01-01","expiresOn":"2027-01-01","autoRenew":false,"amountFen":1,"status":"active"`
	const person = `"role":"other","name":"李某","workPhone":"","title":"","email":"","mobile":"","birthday":"","family":"","hobbies":"",` +
		`"decisionRole":"unstated","influence":0,"attitude":"unknown","channel":"any","hoursFrom":"","hoursTo":"","doNotContact":false`
	const line = `"name":"王某","department":"","duty":"","shortNumber":""`
	at := func(id int64) string { return strings.ReplaceAll(op.Path, "{id}", fmt.Sprint(id)) }
	switch op.ID {
	case "session-language":
		return op.Path, `{"language":"en"}`, false
	case "session-password":
		return op.Path, fmt.Sprintf(`{"old":%q,"password":"Summer-rain-%d"}`, portaltest.Password, n), false
	case "session-end":
		return at(x.session(t, caller)), "", false
	case "account-create":
		return op.Path, fmt.Sprintf(`{"login":"new%d","name":"新","role":"province_administrator","unitId":0,"language":"zh"}`, n), false
	case "account-change":
		return at(x.account(t, n)), `{"version":1,"name":"改","role":"province_administrator","unitId":0,"active":true}`, false
	case "account-get", "account-reset", "account-unlock", "account-session-list", "account-session-end":
		return strings.ReplaceAll(at(x.account(t, n)), "{session}", "0"), "", false
	case "customer-change":
		return at(o.customer), stated(t, o.document, map[string]any{"address": "新"}), true
	case "selection-policy-propose":
		return op.Path, `{"rule":` + anyRule + `,"effectiveAt":null,"note":""}`, false
	case "selection-policy-get", "selection-policy-try", "selection-policy-approve", "selection-policy-pause", "selection-policy-resume", "selection-policy-cancel":
		return strings.ReplaceAll(op.Path, "{version}", fmt.Sprint(x.policy(t, op.ID))), "", false
	case "merge-make":
		other := x.Add(t, customertest.Facts(fmt.Sprint("乙", n), x.ColleagueUnit.ID))
		return at(o.customer), fmt.Sprintf(`{"version":1,"mergedId":%d,"mergedVersion":1,"take":[],"reason":"同"}`, other.ID), true
	case "merge-undo":
		return at(x.merged(t, o, n)), "", true
	case "customer-get", "customer-overview", "customer-selection", "merge-list", "document-list", "hierarchy-get", "hierarchy-children":
		return at(o.customer), "", true
	case "contact-create":
		return at(o.customer), `{` + person + `}`, true
	case "contact-change":
		return at(o.contact), `{"version":1,` + person + `}`, true
	case "contact-remove":
		return at(o.contact) + "?version=1", "", true
	case "contact-reveal":
		return at(o.contact), `{"field":"mobile","reason":"客户来电回拨"}`, true
	case "contract-create":
		return at(o.customer), fmt.Sprintf(`{"number":"NEW%d",%s}`, n, agreed), true
	case "contract-change":
		return at(o.contract), fmt.Sprintf(`{"version":1,"number":"HT%d",%s}`, n, agreed), true
	case "contract-renew":
		return at(o.contract), fmt.Sprintf(`{"number":"NEW%d",%s}`, n, strings.Replace(agreed, `"effectiveOn":"2026-01-01"`, `"effectiveOn":"2026-06-01"`, 1)), true
	case "document-add":
		return at(o.contract), `{"name":"协议.txt","content":"5Y2P6K6u"}`, true
	case "document-get", "document-remove":
		return at(x.document(t, o)), "", true
	case "member-list":
		return at(o.customer), "", true
	case "member-join":
		return at(o.customer), fmt.Sprintf(`{"phone":"139%08d","joinedOn":"2026-01-01",%s}`, n, line), true
	case "member-import":
		return at(o.customer), fmt.Sprintf(`{"text":"号码\n137%08d","day":"2026-01-01"}`, n), true
	case "job-get", "job-cancel", "job-result":
		return at(x.job(t, caller)), "", false
	case "member-change":
		return at(o.member), `{"version":1,` + line + `}`, true
	case "member-leave":
		return at(o.member), `{"version":1,"leftOn":"2026-02-01"}`, true
	case "reference-list":
		return "/api/reference/products", "", false
	case "product-extend":
		x.catalogue(t, fmt.Sprint("P", n))
		return fmt.Sprintf("/api/reference/products/P%d/extension", n), `{"version":0,"localName":"本地","available":true,"note":""}`, false
	case "exchange-get":
		return at(x.note(t, journal.Line{TransID: fmt.Sprint("T", n)})), "", false
	default:
		return op.Path, "", false
	}
}

// document adds a document to the object's contract, unless that is elsewhere.
func (x *site) document(t *testing.T, o family) (id int64) {
	t.Helper()
	if o.customer == 1<<40 {
		return 1 << 40
	}
	d, err := x.all.Documents.Add(t.Context(), x.Everybody, o.contract, "协议.txt", []byte("协议"))
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// merged makes a merge of another customer into the object, unless that is elsewhere.
func (x *site) merged(t *testing.T, o family, n int) (id int64) {
	t.Helper()
	if o.customer == 1<<40 {
		return 1 << 40
	}
	other := x.Add(t, customertest.Facts(fmt.Sprint("乙", n), x.ColleagueUnit.ID))
	m, err := x.all.Merges.Make(t.Context(), x.Everybody, merge.Order{
		SurvivorID: o.customer, SurvivorVersion: 1, MergedID: other.ID, MergedVersion: 1, Reason: "同",
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// job queues a job of a login's own, of a kind that nobody offers.
func (x *site) job(t *testing.T, login string) int64 {
	t.Helper()
	const insert = `INSERT INTO crm.job (kind, owner_id, owner, parameters, columns, total)
		SELECT 'none', id, login, '{}', '{}', 1 FROM account.account WHERE login = $1 RETURNING id`
	if login == "" {
		login = "manager"
	}
	return customertest.Value[int64](t, x.DB, insert, login)
}

const anyRule = `{"classes":["A1"],"crossProvince":true,"industries":[],"cities":[],"named":[],"excluded":[]}`

// policy makes a version of the selection policy, by another author than those who call, in a state
// in which the operation can be done.
func (x *site) policy(t *testing.T, operation string) (version int32) {
	t.Helper()
	state := map[string]string{"selection-policy-approve": "tried", "selection-policy-pause": "applying", "selection-policy-resume": "applying"}[operation]
	if state == "" {
		state = "draft"
	}
	owner := x.Database.Owner(t)
	if _, err := owner.Exec(t.Context(), `UPDATE crm.selection_policy SET state = 'cancelled' WHERE state = 'applying'`); err != nil {
		t.Fatal(err)
	}
	const insert = `INSERT INTO crm.selection_policy (version, rule, state, origin, author)
		SELECT max(version) + 1, $1::jsonb, $2, 'province', 'somebody' FROM crm.selection_policy RETURNING version`
	if err := owner.QueryRow(t.Context(), insert, anyRule, state).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if state == "applying" {
		if _, err := owner.Exec(t.Context(), `INSERT INTO crm.selection_rollout (version, reached, upto, total) VALUES ($1, 0, 1, 1)`, version); err != nil {
			t.Fatal(err)
		}
	}
	return version
}

// rights calls every operation as every caller on every object, and everything that changes
// something also without the session's token. It gives what was answered wrongly.
func (x *site) rights(t *testing.T) (holes []string, calls int) {
	t.Helper()
	for _, op := range x.Operations() {
		if op.ID == "session-open" || op.ID == "session-close" || op.ID == "customer-create" {
			continue // tests of their own
		}
		for _, caller := range callers {
			for _, object := range objects {
				calls++
				o := x.make(t, object, calls)
				b := x.as(t, caller)
				path, body, concerns := x.request(t, op, o, caller, calls)
				if op.Method != http.MethodGet && caller != "" {
					forged := b.Forged()
					calls++
					if status, _ := forged.Call(t, op.Method, path, body); status != http.StatusForbidden {
						holes = append(holes, fmt.Sprintf("%s calls %s without token: %d", caller, op.ID, status))
					}
				}
				want := http.StatusOK
				switch {
				case caller == "":
					want = http.StatusUnauthorized
				case !slices.Contains(allowed[op.ID], caller):
					want = http.StatusForbidden
				case concerns && !slices.Contains(sees[caller], object):
					want = http.StatusNotFound
				case op.Status != 0:
					want = op.Status
				case slices.Contains(withoutAnswer, op.ID):
					want = http.StatusNoContent
				}
				if status, doc := b.Call(t, op.Method, path, body); status != want {
					holes = append(holes, fmt.Sprintf("%q calls %s on %s: %d, want %d, %v", caller, op.ID, object, status, want, doc["code"]))
				}
				if !concerns {
					break // the object makes no difference
				}
			}
		}
	}
	return holes, calls
}

func TestRightsOfEveryOperationRoleAndObject(t *testing.T) {
	x := newSite(t)
	for _, op := range x.Operations() {
		if _, known := allowed[op.ID]; !known && op.ID != "session-open" && op.ID != "session-close" {
			t.Errorf("operation %s is not in the table of rights", op.ID)
		}
	}
	holes, calls := x.rights(t)
	for _, hole := range holes {
		t.Error(hole)
	}
	t.Logf("%d calls: %d operations, %d callers, %d objects", calls, len(x.Operations()), len(callers), len(objects))
	fmt.Printf("rights of the province: %d calls, %d operations, %d callers, %d objects\n", calls, len(x.Operations()), len(callers), len(objects))
}

func TestRightsTestFindsAHole(t *testing.T) {
	x := newSite(t)
	type input struct {
		ID int64 `path:"id"`
	}
	for path, permission := range map[string]account.Permission{"/api/public/{id}": portal.Public, "/api/signed/{id}": portal.SignedIn, "/api/hq/{id}": account.NationRead} {
		portal.Register(x.Server, portal.Operation{Method: http.MethodGet, Path: path, ID: "hole" + path, Permission: permission},
			func(context.Context, account.Caller, *input) (portal.Nothing, error) { return portal.Nothing{}, nil })
	}
	holes, _ := x.rights(t)
	for _, want := range []string{`"" calls hole/api/public`, `"manager" calls hole/api/signed`, `"analyst" calls hole/api/hq`} {
		if !slices.ContainsFunc(holes, func(h string) bool { return strings.HasPrefix(h, want) }) {
			t.Errorf("no finding %s in %v", want, holes)
		}
	}
}

func TestListAndOrganisationKeepToTheScope(t *testing.T) {
	x := newSite(t)
	ids := map[string]int64{}
	for i, object := range objects {
		ids[object] = x.make(t, object, i).customer
	}
	for _, caller := range provincial {
		status, doc := x.as(t, caller).Call(t, "GET", "/api/customers?size=200", "")
		var got, want []int64
		for _, item := range doc["items"].([]any) {
			got = append(got, int64(item.(map[string]any)["id"].(float64)))
		}
		for _, object := range sees[caller] {
			want = append(want, ids[object])
		}
		slices.Sort(want)
		if status != 200 || !slices.Equal(got, want) || int(doc["total"].(float64)) != len(want) {
			t.Errorf("%s lists %v of %v, want %v", caller, got, doc["total"], want)
		}
	}
	for caller, want := range map[string]string{"manager": "福建公司 福州分公司 集客一部 林一", "head-a": "福建公司 福州分公司 集客一部 林一 陈二"} {
		_, doc := x.as(t, caller).Call(t, "GET", "/api/organisation", "")
		var names []string
		for _, u := range doc["units"].([]any) {
			names = append(names, u.(map[string]any)["name"].(string))
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s sees %v", caller, names)
		}
	}
}

func TestWhoMayCreateWhat(t *testing.T) {
	x := newSite(t)
	o := x.make(t, "own", 1)
	edits := map[string]map[string]any{
		"own":              {"managerId": x.ManagerUnit.ID},
		"colleague's":      {"managerId": x.ColleagueUnit.ID},
		"other department": {"managerId": x.StrangerUnit.ID},
		"other province":   {"managerId": x.ManagerUnit.ID, "city": "330100"},
		"class A1":         {"managerId": x.ManagerUnit.ID, "class": "A1"},
		"sensitive":        {"managerId": x.ManagerUnit.ID, "sensitive": true},
	}
	want := map[string]map[string]int{
		"":              {"own": 401, "colleague's": 401, "other department": 401, "other province": 401, "class A1": 401, "sensitive": 401},
		"manager":       {"own": 201, "colleague's": 403, "other department": 403, "other province": 422, "class A1": 403, "sensitive": 403},
		"head-a":        {"own": 201, "colleague's": 201, "other department": 422, "other province": 422, "class A1": 201, "sensitive": 403},
		"administrator": {"own": 201, "colleague's": 201, "other department": 201, "other province": 422, "class A1": 201, "sensitive": 201},
		"analyst":       {"own": 403, "colleague's": 403, "other department": 403, "other province": 403, "class A1": 403, "sensitive": 403},
	}
	for caller, statuses := range want {
		for object, want := range statuses {
			edit := edits[object]
			edit["version"], edit["name"] = absent, "甲"+caller+object
			if status, doc := x.as(t, caller).Call(t, "POST", "/api/customers", stated(t, o.document, edit)); status != want {
				t.Errorf("%q creates %s: %d, want %d, %v", caller, object, status, want, doc)
			}
		}
	}
}
