package province_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/internal/portal"
	"jike/internal/portal/portaltest"
	"jike/province/attribute"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/document"
	"jike/province/interaction"
	"jike/province/member"
	"jike/province/merge"
	"jike/province/organisation"
	"jike/province/roster"
	"jike/province/rule"
	placing "jike/province/site"
	"jike/schemas/codes"
	"jike/xmlapi/journal"
	"jike/xmlapi/shape/shapetest"
)

// The callers of the table: nobody, and one of each role.
var callers = []string{"", "manager", "head-a", "administrator", "analyst", "hq-administrator"}

// The objects of the table, seen from the manager and the head of department A, which is in Fuzhou; and
// the letter of each in the table.
var objects = []string{
	"own", "colleague's", "other department", "other city",
	"own sensitive", "colleague's sensitive", "other department sensitive", "other city sensitive", "nobody's", "other province",
}

const letters = "OCDTocdtNX"

// sees says which objects a list shows to each caller.
var sees = map[string][]string{
	"manager":       {"own", "own sensitive"},
	"head-a":        {"own", "colleague's"},
	"administrator": objects[:9],
}

// provincial are the callers who work with customers.
var provincial = []string{"manager", "head-a", "administrator"}

// rightsFile is the table of rights: what every operation answers to every caller about every object.
const rightsFile = "testdata/rights.txt"

const rightsNote = `Rights of a province's portal: what each operation answers to each caller about each customer.

Callers: nobody without a session; manager, head and administrator of the province, the manager and the head of the
same department; the two roles of headquarters, which no account of a province has.
Customers: O the manager's own, C a colleague's in the department, D another department's in the same city,
T another city's; o c d t the same, marked sensitive; N nobody's, X one that is not in this province.

yes   answered; followed by the customers that the answer names
letter, one for each customer: answered    .  as if there were no such customer    -  refused
401   not signed in    403  without the permission
`

// family is a fresh customer with a contact, a contract, a member, a site and a wish.
type family struct {
	customer, contact, contract, member, site, wish int64
	document                                        map[string]any
}

// make makes a fresh object of the kind; "other province" has ids that nobody here has.
func (x *site) make(t *testing.T, object string, n int) family {
	t.Helper()
	if object == "other province" {
		return family{1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, map[string]any{
			"version": 1, "name": "甲", "industry": "65", "city": "330100", "class": "D", "lifecycle": "active", "creditCode": "",
			"sensitive": false, "crossProvince": false, "address": "", "postcode": "", "legalPerson": "", "profile": "", "remark": "",
			"organisationType": "", "licenceType": "", "licenceNumber": "", "creditLevel": "",
		}}
	}
	f := customertest.Facts(nameOf(n), map[string]int64{
		"own": x.ManagerUnit.ID, "colleague's": x.ColleagueUnit.ID, "other department": x.neighbour(t), "other city": x.StrangerUnit.ID,
	}[strings.TrimSuffix(object, " sensitive")])
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
	place, err := x.all.Sites.Add(t.Context(), x.Everybody, c.ID, placing.Facts{Name: "总部", Kind: placing.Headquarters, City: "350100", Street: "澄川路1号"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `INSERT INTO crm.wish (customer_id, kind, body, status, answer, author, answered_by) VALUES ($1, 'product', '专线', 'open', '', 'x', '') RETURNING id`
	return family{c.ID, person.ID, agreed.ID, line.ID, place.ID, customertest.Value[int64](t, x.DB, want, c.ID), view(t, c)}
}

// nameOf is a customer's name that is in no other's.
func nameOf(n int) string { return fmt.Sprintf("甲%05d公司", n) }

// neighbour is a person in another department of the manager's city.
func (x *site) neighbour(t *testing.T) int64 {
	t.Helper()
	if x.neighbourID == 0 {
		x.InTx(t, func(tx pg.Tx) {
			parent := x.DepartmentA.ParentID
			for _, u := range []organisation.Unit{
				{Kind: organisation.KindDepartment, Code: "FZ02", Name: "集客三部"}, {Kind: organisation.KindPerson, Code: "FZ0201", Name: "吴四"},
			} {
				u.ParentID = parent
				added, err := x.Organisation.Add(t.Context(), tx, x.Everybody, u)
				if err != nil {
					t.Fatal(err)
				}
				parent = added.ID
			}
			x.neighbourID = parent
		})
	}
	return x.neighbourID
}

// request is a good request of an operation for an object, and whether it concerns the object.
func (x *site) request(t *testing.T, op portal.Operation, o family, caller string, n int) (path, body string, concerns bool) {
	t.Helper()
	const agreed = `"name":"协议","signedOn":"2026-01-01","effectiveOn":"2026-01-01","expiresOn":"2027-01-01","autoRenew":false,"amountFen":1,"status":"active"`
	const person = `"role":"other","name":"李某","workPhone":"","title":"","email":"","mobile":"","birthday":"","family":"","hobbies":"",` +
		`"decisionRole":"unstated","influence":0,"attitude":"unknown","channel":"any","hoursFrom":"","hoursTo":"","doNotContact":false`
	const address = `"name":"厂区","kind":"factory","city":"350100","district":"","street":"澄川路1号","contactId":null,"openedOn":"2026-01-01","closedOn":""`
	const line = `"name":"王某","department":"","duty":"","shortNumber":""`
	const met = `"contactId":null,"channel":"visit","at":"2026-01-02T03:04:05Z","subject":"拜访","body":"","nextStep":"","nextOn":"","nextDone":false`
	const wished = `"kind":"price","body":"降价","wantedOn":"","status":"open","answer":""`
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
	case "account-get", "account-rights", "account-reset", "account-unlock", "account-unbind", "account-session-list", "account-session-end":
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
	case "organisation-create":
		return op.Path, fmt.Sprintf(`{"parentId":%d,"code":"N%d","name":"新"}`, x.DepartmentB.ID, n), false
	case "organisation-rename":
		return at(x.unit(t, n)), `{"before":"旧","name":"新"}`, false
	case "organisation-move":
		return at(x.unit(t, n)), fmt.Sprintf(`{"parentId":%d}`, x.DepartmentA.ID), false
	case "organisation-close", "organisation-open":
		return at(x.unit(t, n)), "", false
	case "deputy-candidates":
		return fmt.Sprintf("%s?absent=%d", op.Path, x.ManagerUnit.ID), "", false
	case "deputy-name":
		x.standIn(t) // ends those before
		day := dayIn(30)
		return op.Path, fmt.Sprintf(`{"absentId":%d,"accountId":%d,"from":%q,"until":%q,"reason":"休假"}`, x.ManagerUnit.ID, x.accountID(t, "head-a"), day, day), false
	case "deputy-acknowledge", "deputy-end":
		return at(x.standIn(t)), "", false
	case "team-list", "team-candidates":
		return at(o.customer), "", true
	case "team-name":
		day := dayIn(30 + n%100)
		return at(o.customer), fmt.Sprintf(`{"accountId":%d,"duty":"assistant","from":%q,"until":%q}`, x.specialist(t), day, day), true
	case "team-acknowledge":
		return at(x.serves(t, o)), "", false
	case "team-end":
		return at(x.serves(t, o)), "", true
	case "pool-claim":
		return at(o.customer), fmt.Sprintf(`{"toId":%d}`, x.ManagerUnit.ID), true
	case "pool-return":
		return at(o.customer), `{"reason":"无法服务"}`, true
	case "pool-rule-change":
		r, err := x.all.Pool.Rule(t.Context(), x.Everybody)
		if err != nil {
			t.Fatal(err)
		}
		return op.Path, fmt.Sprintf(`{"version":%d,"mostHeld":3000,"coolingDays":0,"idleDays":0,"idleStates":[]}`, r.Version), false
	case "bulk-preview":
		return op.Path, fmt.Sprintf(`{"customers":[%d],"field":"lifecycle","value":"suspended"}`, o.customer), false
	case "bulk-start":
		return op.Path, fmt.Sprintf(`{"customers":[%d],"expected":1,"field":"lifecycle","value":"suspended"}`, o.customer), false
	case "handover-preview":
		return op.Path, fmt.Sprintf(`{"customers":[%d]}`, o.customer), false
	case "handover-make":
		return op.Path, fmt.Sprintf(`{"customers":[%d],"expected":1,"toId":%d,"reason":"调岗"}`, o.customer, x.ManagerUnit.ID), false
	case "handover-acknowledge":
		return at(x.handedOver(t, o)), "", false
	case "handover-undo":
		return at(x.handedOver(t, o)), `{"reason":"误移交"}`, false
	case "customer-get", "customer-access", "customer-responsibility", "customer-overview", "customer-selection", "merge-list", "document-list", "customer-timeline", "situation-list", "customer-wishes", "hierarchy-get", "hierarchy-children", "site-list", "value-score-list", "customer-name-list",
		"customer-attributes", "customer-completeness", "customer-viewer-list", "customer-stage", "customer-proposals", "customer-rosters":
		return at(o.customer), "", true
	case "customer-stage-set":
		return at(o.customer), fmt.Sprintf(`{"stage":"active","until":%q,"reason":"商谈中"}`, dayIn(0)), true
	case "customer-stage-release":
		wish := rule.Wish{Stage: codes.Active, Until: today().AddDate(0, 0, 1), Reason: "商谈中"}
		if _, err := x.all.Rules.Set(t.Context(), x.Everybody, o.customer, wish); err != nil && !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		return at(o.customer), "", true
	case "roster-create":
		return op.Path, fmt.Sprintf(`{"name":"名单%d","purpose":"走访","closed":false}`, n), false
	case "roster-change":
		return at(x.rosterOf(t, n)), fmt.Sprintf(`{"version":1,"name":"改%d","purpose":"走访","closed":false}`, n), false
	case "roster-put":
		return at(x.rosterOf(t, n)), fmt.Sprintf(`{"customers":[%d],"reason":"重点"}`, o.customer), false
	case "roster-take":
		return at(x.rosterOf(t, n)), fmt.Sprintf(`{"customers":[%d]}`, o.customer), false
	case "class-proposal-decide":
		return op.Path, fmt.Sprintf(`{"customers":[%d],"confirm":true,"reason":"核实"}`, o.customer), false
	case "class-proposal-decide-all":
		x.proposed(t, o, rule.Grade, codes.ClassD, codes.ClassC)
		return op.Path, `{"confirm":false,"reason":"核实","expected":1}`, false
	case "roster-customers", "roster-proposal-list", "roster-proposal-count":
		return at(x.rosterOf(t, n)), "", false
	case "roster-proposal-decide":
		return at(x.rosterOf(t, n)), fmt.Sprintf(`{"customers":[%d],"confirm":true,"reason":"核实"}`, o.customer), false
	case "roster-proposal-decide-all":
		id := x.rosterOf(t, n)
		x.proposed(t, o, rule.OfRoster(id), rule.Out, rule.In)
		return at(id), `{"confirm":true,"reason":"核实","expected":1}`, false
	case "rule-get", "rule-draft", "rule-put", "rule-run", "rule-run-cancel":
		return x.ruleRequest(t, op)
	case "completeness-customers":
		if _, err := x.all.Completeness.Judge(t.Context()); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s?manager=%d", op.Path, x.ManagerUnit.ID), "", false
	case "completeness-rule-change":
		r, err := x.all.Completeness.Rule(t.Context(), x.Everybody)
		if err != nil {
			t.Fatal(err)
		}
		return op.Path, fmt.Sprintf(`{"version":%d,"weights":{"manager":1}}`, r.Version), false
	case "customer-attributes-change":
		return at(o.customer), `{"version":0,"values":{}}`, true
	case "attribute-create":
		return op.Path, definition(fmt.Sprint("new", n)), false
	case "attribute-change":
		id, code := x.attribute(t, n)
		return at(id), strings.Replace(definition(code), `{`, `{"version":1,`, 1), false
	case "contact-create":
		return at(o.customer), `{` + person + `}`, true
	case "contact-change":
		return at(o.contact), `{"version":1,` + person + `}`, true
	case "contact-remove":
		return at(o.contact) + "?version=1", "", true
	case "contact-reveal":
		return at(o.contact), `{"field":"mobile","reason":"客户来电回拨"}`, true
	case "value-score-rate":
		return at(o.customer), `{"score":80,"reason":"收入增长"}`, true
	case "customer-name-add":
		return at(o.customer), fmt.Sprintf(`{"name":"曾用%d公司"}`, n), true
	case "customer-name-remove":
		return at(o.customer) + "?name=" + x.formerName(t, o.customer), "", true
	case "customer-viewer-name":
		return at(o.customer), fmt.Sprintf(`{"accountId":%d,"until":%q,"reason":"专项"}`, x.otherHead(t), dayIn(1)), true
	case "customer-viewer-unname":
		return at(o.customer) + fmt.Sprint("?account=", x.viewer(t, o)), "", true
	case "site-create":
		return at(o.customer), `{` + address + `}`, true
	case "site-change":
		return at(o.site), `{"version":1,` + address + `}`, true
	case "contract-create":
		return at(o.customer), fmt.Sprintf(`{"number":"NEW%d",%s}`, n, agreed), true
	case "contract-change":
		return at(o.contract), fmt.Sprintf(`{"version":1,"number":"HT%d",%s}`, n, agreed), true
	case "contract-renew":
		return at(o.contract), fmt.Sprintf(`{"number":"NEW%d",%s}`, n, strings.Replace(agreed, `"effectiveOn":"2026-01-01"`, `"effectiveOn":"2026-06-01"`, 1)), true
	case "interaction-create":
		return at(o.customer), `{` + met + `}`, true
	case "interaction-get":
		return at(x.met(t, o)), "", true
	case "interaction-change":
		return at(x.met(t, o)), `{"version":1,` + met + `}`, true
	case "document-add":
		return at(o.contract), `{"name":"协议.txt","content":"5Y2P6K6u"}`, true
	case "situation-add":
		return at(o.customer), `{"ofDay":"2026-01-02","sales":"rises","headcount":"","plan":"","carrier":"","carrierUntil":"","supplier":"","supplierUntil":"","budgetMonth":0,"body":""}`, true
	case "wish-create":
		return at(o.customer), `{` + wished + `}`, true
	case "wish-change":
		return at(o.wish), `{"version":1,` + wished + `}`, true
	case "interaction-document-add":
		return at(x.met(t, o)), `{"name":"纪要.txt","content":"5Y2P6K6u"}`, true
	case "document-get", "document-remove":
		return at(x.document(t, o, n)), "", true
	case "member-list":
		return at(o.customer), "", true
	case "member-join":
		return at(o.customer), fmt.Sprintf(`{"phone":"139%08d","joinedOn":"2026-01-01",%s}`, n, line), true
	case "member-import":
		return at(o.customer), fmt.Sprintf(`{"text":"号码\n137%08d","day":"2026-01-01"}`, n), true
	case "export-request":
		x.exportAlone(t, 0)
		return op.Path, `{"reason":"盘点"}`, false
	case "export-start":
		x.exportAlone(t, 10_000)
		return op.Path, "", false
	case "export-request-approve":
		id, customers := x.asked(t)
		return at(id), fmt.Sprintf(`{"customers":%d}`, customers), false
	case "export-request-decline":
		id, _ := x.asked(t)
		return at(id), `{"reason":"用途不明"}`, false
	case "export-request-acknowledge":
		return at(x.answered(t, caller)), "", false
	case "export-rule-change":
		r, err := x.all.Exports.Rule(t.Context(), x.Administrator)
		if err != nil {
			t.Fatal(err)
		}
		return op.Path, fmt.Sprintf(`{"version":%d,"mostAlone":10000,"waitHours":72}`, r.Version), false
	case "export-file":
		id := x.job(t, caller)
		if _, err := x.Database.Owner(t).Exec(t.Context(), `UPDATE crm.job SET kind = 'customer.export', state = 'done', finished_at = now(), parameters = '{"format": "csv"}' WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		return at(id), "", false
	case "import-upload":
		return op.Path + "?name=a.csv", "名称,行业,城市\n甲,65,福州\n", false
	case "import-set":
		return at(x.importOf(t, op.ID, caller)), `{"fields":["name","industry","city"],"key":"name","mode":"both","distinct":false}`, false
	case "import-get", "import-try", "import-run", "import-revert":
		return at(x.importOf(t, op.ID, caller)), "", false
	case "job-get", "job-cancel", "job-result", "job-lines":
		return at(x.job(t, caller)), "", false
	case "member-change":
		return at(o.member), `{"version":1,` + line + `}`, true
	case "member-leave":
		return at(o.member), `{"version":1,"leftOn":"2026-02-01"}`, true
	case "view-create":
		return op.Path, fmt.Sprintf(`{"name":"视图%d","audience":"private","unitId":0,"settings":%s}`, n, anySettings), false
	case "view-change":
		return at(x.viewOf(t, caller, n)), fmt.Sprintf(`{"version":1,"name":"改%d","audience":"private","unitId":0,"settings":%s}`, n, anySettings), false
	case "view-remove":
		return at(x.viewOf(t, caller, n)), "", false
	case "view-begin":
		return op.Path, fmt.Sprintf(`{"id":%d}`, x.viewOf(t, caller, n)), false
	case "customer-groups":
		return op.Path + "?by=manager", "", false
	case "search":
		return op.Path + "?q=" + url.QueryEscape("甲0"), "", false
	case "reference-list":
		return "/api/reference/products", "", false
	case "product-extend":
		x.catalogue(t, fmt.Sprint("P", n))
		return fmt.Sprintf("/api/reference/products/P%d/extension", n), `{"version":0,"localName":"本地","available":true,"note":""}`, false
	case "audit-verification-start":
		if _, err := x.all.Trail.Verify(t.Context()); err != nil { // the one before has to be over
			t.Fatal(err)
		}
		return op.Path, "", false
	case "exchange-get":
		return at(x.note(t, journal.Line{TransID: fmt.Sprint("T", n)})), "", false
	default:
		return op.Path, "", false
	}
}

// rosterOf is an empty roster.
func (x *site) rosterOf(t *testing.T, n int) int64 {
	t.Helper()
	r, err := x.all.Rosters.Make(t.Context(), x.Everybody, roster.Facts{Name: fmt.Sprint("旧名单", n), Purpose: "走访"})
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// proposed has something proposed for the object, and nothing else.
func (x *site) proposed(t *testing.T, o family, kind rule.Kind, from, to any) {
	t.Helper()
	owner := x.Database.Owner(t)
	if _, err := owner.Exec(t.Context(), `DELETE FROM crm.proposal`); err != nil {
		t.Fatal(err)
	}
	const set = `INSERT INTO crm.rule_set (kind, version, lines, strategies, author) VALUES ($1, 1, '[]', '{}', 'somebody') ON CONFLICT DO NOTHING`
	if _, err := owner.Exec(t.Context(), set, kind); err != nil {
		t.Fatal(err)
	}
	const insert = `INSERT INTO crm.proposal (kind, customer_id, value_from, value_to, version, grounds) VALUES ($1, $2, $3, $4, 1, '{}')`
	if _, err := owner.Exec(t.Context(), insert, kind, o.customer, from, to); err != nil {
		t.Fatal(err)
	}
}

// ruleRequest is a good request of an operation on rules. It concerns no object.
func (x *site) ruleRequest(t *testing.T, op portal.Operation) (path, body string, concerns bool) {
	t.Helper()
	owner := x.Database.Owner(t)
	const end = `UPDATE crm.rule_run SET state = 'done', finished_at = now() WHERE state = 'running'`
	if _, err := owner.Exec(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	path = strings.NewReplacer("{kind}", "lifecycle", "{version}", "1").Replace(op.Path)
	switch op.ID {
	case "rule-draft":
		newest := customertest.Value[int32](t, x.DB, `SELECT max(version) FROM crm.rule_set WHERE kind = 'lifecycle'`)
		body = fmt.Sprintf(`{"version":%d,"lines":[],"strategies":{}}`, newest)
	case "rule-run":
		body = `{"version":1,"dry":true}`
	case "rule-put", "rule-run-cancel":
		const insert = `INSERT INTO crm.rule_run (kind, version, dry, actor, upto) VALUES ('lifecycle', 1, true, 'somebody', 0) RETURNING id`
		path = strings.ReplaceAll(path, "{id}", fmt.Sprint(customertest.Value[int64](t, owner, insert)))
		if op.ID == "rule-put" {
			if _, err := owner.Exec(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
	}
	return path, body, false
}

// met makes an interaction with the object, unless that is elsewhere.
func (x *site) met(t *testing.T, o family) (id int64) {
	t.Helper()
	if o.customer == 1<<40 {
		return 1 << 40
	}
	i, err := x.all.Interactions.Add(t.Context(), x.Everybody, o.customer, interaction.Facts{Channel: interaction.Phone, At: time.Now(), Subject: "来电"})
	if err != nil {
		t.Fatal(err)
	}
	return i.ID
}

// document adds a document to the object's contract or, in turn, to an interaction, unless that is elsewhere.
func (x *site) document(t *testing.T, o family, n int) (id int64) {
	t.Helper()
	if o.customer == 1<<40 {
		return 1 << 40
	}
	to, owner := document.OfContract, o.contract
	if n%2 == 1 {
		to, owner = document.OfInteraction, x.met(t, o)
	}
	d, err := x.all.Documents.Add(t.Context(), x.Everybody, to, owner, "协议.txt", fmt.Append(nil, "协议", n))
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// formerName gives a former name to a customer, if there is such a one.
func (x *site) formerName(t *testing.T, id int64) string {
	t.Helper()
	const name = "OldName"
	if _, err := x.Customers.AddName(t.Context(), x.Everybody, id, name); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Exists) {
		t.Fatal(err)
	}
	return name
}

// definition is a custom attribute as the portal states it.
func definition(code string) string {
	return fmt.Sprintf(`{"code":%q,"nameZh":"名","nameEn":"Name","kind":"flag","required":false,"retired":false,"position":1,"longest":0,"least":"","most":"","unit":"","choices":[]}`, code)
}

// attribute makes a custom attribute.
func (x *site) attribute(t *testing.T, n int) (id int64, code string) {
	t.Helper()
	d, err := x.all.Attributes.Add(t.Context(), x.Everybody, attribute.Facts{Code: fmt.Sprint("old", n), NameZh: "名", NameEn: "Name", Kind: attribute.Flag})
	if err != nil {
		t.Fatal(err)
	}
	return d.ID, d.Code
}

// otherHead is the account of a head who calls nothing: what they are named for shows to no caller.
func (x *site) otherHead(t *testing.T) int64 {
	t.Helper()
	if x.otherHeadID == 0 {
		id, err := x.accounts.Create(t.Context(), account.System("test"), account.NewAccount{
			Login: x.HeadB.Login, Name: "测试", Role: account.DepartmentHead, UnitID: x.HeadB.UnitID, Password: portaltest.Password,
		})
		if err != nil {
			t.Fatal(err)
		}
		x.otherHeadID = id
	}
	return x.otherHeadID
}

// viewer gives the account of a head that is named for the object, unless that is elsewhere.
func (x *site) viewer(t *testing.T, o family) int64 {
	t.Helper()
	head := x.otherHead(t)
	if o.customer != 1<<40 {
		if err := x.Customers.Name(t.Context(), x.Everybody, o.customer, head, today(), "专项"); err != nil {
			t.Fatal(err)
		}
	}
	return head
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

// importOf makes an import of a login's own, in a state in which the operation can be done.
func (x *site) importOf(t *testing.T, operation, login string) (id int64) {
	t.Helper()
	if login == "" || login == "analyst" {
		login = "manager"
	}
	const insert = `INSERT INTO crm.customer_import (owner_id, owner, file_name, encoding, columns, total, content, fields, key, mode)
		SELECT id, login, 'a.csv', 'utf-8', '{名称,行业,城市}', 1, '甲,65,福州', '{name,industry,city}', 'name', 'both' FROM account.account WHERE login = $1 RETURNING id`
	id = customertest.Value[int64](t, x.DB, insert, login)
	job := x.job(t, login)
	owner := x.Database.Owner(t)
	for _, statement := range map[string][]string{
		"import-run": {`UPDATE crm.job SET state = 'done', finished_at = now() WHERE id = $2 AND $1 > 0`, `UPDATE crm.customer_import SET try_job = $2 WHERE id = $1`},
		"import-revert": {
			`UPDATE crm.job SET state = 'done', finished_at = now() WHERE id = $2 AND $1 > 0`, `UPDATE crm.customer_import SET run_job = $2 WHERE id = $1`,
			`INSERT INTO crm.customer_import_row (import_id, line, customer_id, version) SELECT $1, 1, 1, 1 WHERE $2 > 0`,
		},
	}[operation] {
		if _, err := owner.Exec(t.Context(), statement, id, job); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// handedOver writes a hand-over by somebody else of the object, from the manager to a colleague, whose job is
// forgotten.
func (x *site) handedOver(t *testing.T, o family) int64 {
	t.Helper()
	const insert = `WITH made AS (INSERT INTO crm.handover (actor_id, actor, reason, customers)
			SELECT max(id), 'somebody', '调岗', 1 FROM account.account RETURNING id),
		party AS (INSERT INTO crm.handover_party (handover_id, unit_id, side, customers) SELECT id, $2, 'from', 1 FROM made),
		history AS (INSERT INTO crm.responsibility (customer_id, from_id, to_id, actor, reason, handover_id) SELECT $1, $2, $3, 'somebody', '调岗', id FROM made)
		SELECT id FROM made`
	return customertest.Value[int64](t, x.DB, insert, o.customer, x.ManagerUnit.ID, x.ColleagueUnit.ID)
}

// unit is a person of department B on whom nothing hangs.
func (x *site) unit(t *testing.T, n int) (id int64) {
	t.Helper()
	u := organisation.Unit{ParentID: x.DepartmentB.ID, Kind: organisation.KindPerson, Code: fmt.Sprint("U", n), Name: "旧"}
	x.InTx(t, func(tx pg.Tx) {
		added, err := x.Organisation.Add(t.Context(), tx, x.Everybody, u)
		if err != nil {
			t.Fatal(err)
		}
		id = added.ID
	})
	return id
}

// standIn has the head stand in for the manager on one day of the next year, and on no other.
func (x *site) standIn(t *testing.T) int64 {
	t.Helper()
	const insert = `WITH before AS (UPDATE crm.deputy SET ended_by = 'test', ended_at = now() WHERE ended_at IS NULL)
		INSERT INTO crm.deputy (absent_id, account_id, from_day, until_day, reason, named_by, absent_seen, deputy_seen)
		VALUES ($1, $2, current_date + 300, current_date + 300, '休假', 'somebody', false, false) RETURNING id`
	return customertest.Value[int64](t, x.DB, insert, x.ManagerUnit.ID, x.accountID(t, "head-a"))
}

// specialist is the account of an account manager in the manager's department who has no customers and calls nothing.
func (x *site) specialist(t *testing.T) int64 {
	t.Helper()
	if x.specialistID == 0 {
		u := organisation.Unit{ParentID: x.DepartmentA.ID, Kind: organisation.KindPerson, Code: "FZ0199", Name: "郑五"}
		x.InTx(t, func(tx pg.Tx) {
			var err error
			if u, err = x.Organisation.Add(t.Context(), tx, x.Everybody, u); err != nil {
				t.Fatal(err)
			}
		})
		x.employ(t, account.Caller{Login: "specialist", Role: account.AccountManager, UnitID: u.ID})
		x.specialistID = x.accountID(t, "specialist")
	}
	return x.specialistID
}

// serves puts the specialist into the object's team for a day of the next year, unless the object is elsewhere.
func (x *site) serves(t *testing.T, o family) int64 {
	t.Helper()
	if o.customer == 1<<40 {
		return 1 << 40
	}
	const insert = `INSERT INTO crm.team_member (customer_id, account_id, duty, from_day, until_day, named_by)
		VALUES ($1, $2, 'assistant', current_date + 300, current_date + 300, 'test') RETURNING id`
	return customertest.Value[int64](t, x.DB, insert, o.customer, x.specialist(t))
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

const anySettings = `{"columns":[],"filter":{},"sort":"id","dir":"asc"}`

// viewOf is a view of a login's own.
func (x *site) viewOf(t *testing.T, login string, n int) int64 {
	t.Helper()
	if login == "" {
		login = "manager"
	}
	const insert = `INSERT INTO crm.view (owner_id, name, audience, settings) SELECT id, $2, 'private', $3 FROM account.account WHERE login = $1 RETURNING id`
	return customertest.Value[int64](t, x.DB, insert, login, fmt.Sprint("旧", n), anySettings)
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

// matrix calls operations as every caller about every object, with real requests, and everything that
// changes something also without the session's token.
type matrix struct {
	*site
	table    *portaltest.Rights
	calls    int
	unspoilt map[string]family // by object
	faults   []string
}

func newMatrix(t *testing.T, x *site, calls int) *matrix {
	t.Helper()
	m := &matrix{
		site: x, calls: calls, unspoilt: map[string]family{},
		table: portaltest.NewRights(rightsNote, "nobody", "manager", "head", "administrator", "hq analyst", "hq administrator"),
	}
	for _, object := range objects {
		m.object(t, object)
	}
	return m
}

// object is an object that no call has changed.
func (m *matrix) object(t *testing.T, object string) family {
	t.Helper()
	if _, ok := m.unspoilt[object]; !ok {
		m.calls++
		m.unspoilt[object] = m.make(t, object, m.calls)
	}
	return m.unspoilt[object]
}

// add calls an operation as every caller and adds its line to the table.
func (m *matrix) add(t *testing.T, op portal.Operation) {
	t.Helper()
	cells := make([]string, len(callers))
	for i, caller := range callers {
		cells[i] = m.cell(t, op, caller)
	}
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.ContainsAny(c, letters+"y") }) {
		m.faults = append(m.faults, op.ID+" answers nobody: give it a good request in the function request of this test")
	}
	m.table.Add(op, cells)
}

// cell is what an operation answers to a caller.
func (m *matrix) cell(t *testing.T, op portal.Operation, caller string) string {
	t.Helper()
	marks := []byte(strings.Repeat(".", len(objects)))
	for i, object := range objects {
		m.calls++
		b := m.as(t, caller)
		path, body, concerns := m.request(t, op, m.object(t, object), caller, m.calls)
		if i == 0 && op.Method != http.MethodGet && caller != "" {
			if status, _ := b.Forged().Call(t, op.Method, path, body); status != http.StatusForbidden {
				m.faults = append(m.faults, fmt.Sprintf("%s calls %s without token: %d", caller, op.ID, status))
			}
		}
		status, _, answer := b.Raw(t, op.Method, path, body)
		switch {
		case status == http.StatusUnauthorized, status == http.StatusForbidden && strings.Contains(string(answer), string(op.Permission)):
			return fmt.Sprint(status) // before the request was read
		case status < 300 && !concerns:
			return strings.TrimSpace("yes " + m.named(t, op, string(answer)))
		case status < 300:
			marks[i] = letters[i]
			if op.Method != http.MethodGet {
				delete(m.unspoilt, object)
			}
		case status == http.StatusForbidden && concerns:
			marks[i] = '-'
		case status != http.StatusNotFound || !concerns:
			m.faults = append(m.faults, fmt.Sprintf("%q calls %s on %s: %d %s", caller, op.ID, object, status, answer))
			return "fault"
		}
	}
	return string(marks)
}

// named gives the letters of the objects that an answer names.
func (m *matrix) named(t *testing.T, op portal.Operation, answer string) string {
	t.Helper()
	var list []byte
	for i, object := range objects {
		name, _ := m.object(t, object).document["name"].(string)
		if op.Method == http.MethodGet && object != "other province" && strings.Contains(answer, name) {
			list = append(list, letters[i])
		}
	}
	return string(list)
}

// listsFirst orders operations so that lists are asked for while the objects are all that there is.
func listsFirst(operations []portal.Operation) []portal.Operation {
	rank := func(op portal.Operation) int {
		if op.Method == http.MethodGet && !strings.Contains(op.Path, "{") {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(operations), func(a, b portal.Operation) int { return rank(a) - rank(b) })
}

func TestRightsOfEveryOperationRoleAndObject(t *testing.T) {
	x := newSite(t)
	m := newMatrix(t, x, 0)
	for _, op := range listsFirst(x.Operations()) {
		if op.ID != "session-open" && op.ID != "session-close" && op.ID != "customer-create" { // tests of their own
			m.add(t, op)
		}
	}
	for _, fault := range m.faults {
		t.Error(fault)
	}
	shapetest.Golden(t, rightsFile, m.table.String())
	expected, err := os.ReadFile(rightsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.table.Differences(string(expected)) {
		t.Error(d)
	}
	t.Logf("%d calls: %d operations, %d callers, %d objects", m.calls, len(x.Operations()), len(callers), len(objects))
	for name, plant := range plants {
		t.Run(name, func(t *testing.T) {
			planted := newMatrix(t, x, m.calls)
			planted.add(t, plant(x))
			m.calls = planted.calls
			if found := planted.table.Differences(string(expected)); len(found) != 1 {
				t.Errorf("the planted hole is not found: %v", found)
			}
		})
	}
}

// plants are operations with a check taken out. Each takes the place of the right one.
var plants = map[string]func(x *site) portal.Operation{
	"the scope is forgotten": func(x *site) portal.Operation {
		return x.replace(account.CustomerRead, func(context.Context, account.Caller, customer.Customer) bool { return true })
	},
	"the sensitive flag is forgotten": func(x *site) portal.Operation {
		return x.replace(account.CustomerRead, func(ctx context.Context, caller account.Caller, c customer.Customer) bool {
			place, err := x.Organisation.PlaceOf(ctx, c.ManagerID, 0)
			return err == nil && caller.Scope().Covers(c.ManagerID, place.Path)
		})
	},
	"the permission is forgotten": func(x *site) portal.Operation {
		return x.replace(portal.SignedIn, func(context.Context, account.Caller, customer.Customer) bool { return false })
	},
	"the session is forgotten": func(x *site) portal.Operation {
		return x.replace(portal.Public, func(context.Context, account.Caller, customer.Customer) bool { return false })
	},
	"an operation is not in the table": func(x *site) portal.Operation {
		op := portal.Operation{Method: http.MethodGet, Path: "/api/planted", ID: "planted", Permission: portal.SignedIn}
		portal.Register(x.Server, op, func(context.Context, account.Caller, *struct{}) (portal.Nothing, error) { return portal.Nothing{}, nil })
		return op
	},
}

// replace serves customer-get with another permission and another rule of who is shown what.
func (x *site) replace(needs account.Permission, shown func(context.Context, account.Caller, customer.Customer) bool) portal.Operation {
	type input struct {
		ID int64 `path:"id"`
	}
	op := portal.Operation{Method: http.MethodGet, Path: "/api/customers/{id}", ID: rand.Text(), Permission: needs}
	portal.Register(x.Server, op, func(ctx context.Context, caller account.Caller, in *input) (portal.Nothing, error) {
		c, err := x.Customers.Get(ctx, x.Everybody, in.ID)
		if err == nil && !shown(ctx, caller, c) {
			err = fault.New(fault.NotFound, "customer.unknown")
		}
		return portal.Nothing{}, err
	})
	op.ID, op.Permission = "customer-get", account.CustomerRead
	return op
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
		if _, doc := x.as(t, caller).Call(t, "GET", "/api/customer-groups?by=manager", ""); int(doc["total"].(float64)) != len(want) {
			t.Errorf("%s has %v customers in groups, want %d", caller, doc["total"], len(want))
		}
	}
	x.explainsWhatItShows(t, ids)
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
