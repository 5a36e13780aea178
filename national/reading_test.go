package national_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jike/internal/account"
)

func TestBoard(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	doc := get(t, b, "/api/provinces")
	if got := texts(t, doc["items"], "code"); got != "571 591" {
		t.Fatalf("provinces %s", got)
	}
	zhejiang, fujian := doc["items"].([]any)[0].(map[string]any), doc["items"].([]any)[1].(map[string]any)
	for field, want := range map[string]any{
		"name": "福建", "nameEn": "Fujian", "connected": true, "state": "running", "epoch": 3.0, "lsn": "0/5000",
		"lagBytes": 256.0, "backlogMessages": 2.0, "divergences": 1.0, "rows": 13.0,
	} {
		if fujian[field] != want {
			t.Errorf("%s of 591 is %v, want %v", field, fujian[field], want)
		}
	}
	if lag := fujian["lagSeconds"].(float64); lag < 4 || lag > 8 {
		t.Errorf("lag %v s, the last heartbeat is 4 s old", lag)
	}
	certificate := fujian["lastCertificate"].(map[string]any)
	if certificate["id"] != 1.0 || certificate["result"] != "repaired" || certificate["differences"] != 2.0 {
		t.Errorf("certificate %v", certificate)
	}
	if zhejiang["connected"] != false || zhejiang["lagSeconds"] != -1.0 || zhejiang["lastCertificate"] != nil || zhejiang["appliedAt"] != nil {
		t.Errorf("a province that was never heard of: %v", zhejiang)
	}
}

func TestCustomerList(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	for query, want := range map[string]string{ // numbers, in their order
		"q=澄川":                                 "5710000000001 5910000000001 5910000000002",
		"q=澄川 信息":                              "5910000000002",
		"q=澄":                                  "5710000000001 5910000000001 5910000000002",
		"q=川澄":                                 "",
		"q=100%":                               "5910000000003",
		"q=0_%":                                "",
		"q=（集团）":                               "5910000000003",
		"q=abc":                                "5710000000002",
		"q=ＭＥＴＡＬ":                              "5710000000002",
		"q=571000":                             "5710000000001 5710000000002",
		"q=91000000ma00000a9w":                 "5910000000002",
		"q=5910000000001&province=571":         "",
		"province=571&class=A1,A2&sort=number": "5710000000001 5710000000002",
		"lifecycle=lost,suspended&sort=number": "5710000000002 5910000000003",
		"industry=I&crossProvince=true":        "5710000000001 5910000000001",
		"industry=14":                          "5910000000003",
		"city=350100,330200&sort=number":       "5710000000002 5910000000001 5910000000002",
		"crossProvince=false&province=591&sort=name&dir=desc": "5910000000002 5910000000003",
		"province=591&sort=updatedAt&dir=desc&size=2":         "5910000000003 5910000000002",
		"province=591&sort=updatedAt&dir=desc&size=2&page=2":  "5910000000001",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			values = url.Values{"q": {query[2:]}}
		}
		doc := get(t, b, "/api/customers?"+values.Encode())
		got := texts(t, doc["items"], "number")
		if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	if doc := get(t, b, "/api/customers"); doc["total"] != 6.0 || doc["page"] != 1.0 || doc["size"] != 20.0 {
		t.Errorf("%v customers in all, page %v of %v", doc["total"], doc["page"], doc["size"])
	}
	for _, bad := range []string{"class=E", "page=0", "size=201", "sort=profile", "industry=Z", "nothing=1", "lifecycle=x"} {
		if status, doc := b.Call(t, http.MethodGet, "/api/customers?"+bad, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", bad, status, doc)
		}
	}
}

func TestCustomerWithFamily(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	doc := get(t, b, "/api/customers/591/1")
	c := doc["customer"].(map[string]any)
	if c["name"] != "澄川集团有限公司" || c["provinceName"] != "福建" || c["cityName"] != "福州市" || c["industrySection"] != "I" {
		t.Errorf("customer %v", c)
	}
	for block, want := range map[string]string{"contacts": "1", "contracts": "1", "subscriptions": "1", "bills": "2 1", "children": "2"} {
		if got := texts(t, doc[block], "id"); got != want {
			t.Errorf("%s: got %s, want %s", block, got, want)
		}
	}
	if got := texts(t, doc["contacts"], "name"); got != "王*䶮" {
		t.Errorf("contact %s", got)
	}
	if got := texts(t, doc["bills"], "month"); got != "2026-10 2026-09" {
		t.Errorf("bills of %s", got)
	}
	contract := doc["contracts"].([]any)[0].(map[string]any)
	if contract["expiresOn"] != "2026-12-31" || contract["amountFen"] != 123456.0 {
		t.Errorf("contract %v", contract)
	}
	if got := texts(t, doc["sameCompany"], "province"); got != "571" {
		t.Errorf("same company in %s", got)
	}
	source := doc["source"].(map[string]any)
	if source["epoch"] != 3.0 || source["lsn"] != "0/5000" || source["dataTime"] == nil {
		t.Errorf("source %v", source)
	}
	if child := get(t, b, "/api/customers/591/2"); child["parent"].(map[string]any)["id"] != 1.0 {
		t.Errorf("parent %v", child["parent"])
	}
	if orphan := get(t, b, "/api/customers/591/3"); orphan["parent"] != nil || orphan["customer"].(map[string]any)["parentId"] != 99.0 {
		t.Errorf("a parent that is not replicated: %v", orphan["parent"])
	}
	if empty := get(t, b, "/api/customers/571/3"); empty["customer"].(map[string]any)["name"] != "" {
		t.Errorf("a row of nothing but its key: %v", empty["customer"])
	}
	if status, _ := b.Call(t, http.MethodGet, "/api/customers/591/4", ""); status != http.StatusNotFound {
		t.Errorf("an unknown customer: %d", status)
	}
}

func TestReport(t *testing.T) {
	s := newSite(t)
	if err := s.stores.Reports.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	for _, c := range []struct{ query, incomes, customers, monthly, yearly string }{
		// 591: 2000 after 1600 is +25 %, and after 1000 a year before +100 %; 571 has no year before.
		{"groupBy=month,province&from=2026-09&to=2026-10", "400 1600 600 2000", "3 1 4 7", "null null 5000 2500", "null null null 10000"},
		// Together 2600 after 2000; a year before only one of the two reported.
		{"groupBy=month&from=2026-10&to=2026-10", "2600", "11", "3000", "null"},
		{"groupBy=month&from=2026-10&to=2026-10&province=591", "2000", "7", "2500", "10000"},
		{"groupBy=month,class&from=2026-10&to=2026-10&province=591", "1500 500", "2 5", "-625 null", "5000 null"},
		// Without months income adds up, customers are those of the last month.
		{"groupBy=province&from=2026-09&to=2026-10", "1000 3600", "4 7", "null null", "null null"},
		{"groupBy=class,industry&from=2026-09&to=2026-10", "4100 500", "6 5", "null null", "null null"},
		{"groupBy=city&from=2026-09&to=2026-10&class=A1&industry=I&city=350100", "3100", "2", "null", "null"},
		{"groupBy=month&from=2020-01&to=2020-02", "", "", "", ""},
	} {
		doc := get(t, b, "/api/reports/summary?"+c.query)
		for field, want := range map[string]string{
			"incomeFen": c.incomes, "customers": c.customers, "monthOnMonth": c.monthly, "yearOnYear": c.yearly,
		} {
			rows := doc["rows"]
			if strings.HasPrefix(field, "month") || strings.HasPrefix(field, "year") {
				rows, field = growths(rows, field), "incomeFen"
			}
			if got := texts(t, rows, field); got != want {
				t.Errorf("%s: %s is %s, want %s", c.query, field, got, want)
			}
		}
	}
	doc := get(t, b, "/api/reports/summary?from=2026-10&to=2026-10&province=591")
	if doc["source"] != "crm.monthly_summary" || len(doc["formula"].(map[string]any)) != 7 {
		t.Errorf("source %v, formulas %v", doc["source"], doc["formula"])
	}
	if got := texts(t, doc["dataTime"], "province") + texts(t, doc["dataTime"], "lastMonth"); got != "5912026-10" {
		t.Errorf("data time of %s", got)
	}
	for query, want := range map[string]int{
		"from=2026-10&to=2026-09": 422, "from=2026-13&to=2026-13": 422, "from=2010-01&to=2026-01": 422, "from=2026-10": 422,
		"from=2026-10&to=2026-10&groupBy=name": 422,
	} {
		if status, doc := b.Call(t, http.MethodGet, "/api/reports/summary?"+query, ""); status != want {
			t.Errorf("%s: %d %v", query, status, doc)
		}
	}
}

// growths are the growths of rows against a month.
func growths(rows any, against string) any {
	var list []any
	for _, r := range rows.([]any) {
		list = append(list, r.(map[string]any)[against])
	}
	return list
}

func TestReconciliations(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	if status, doc := b.Call(t, http.MethodPost, "/api/reconciliations", `{"province":591}`); status != http.StatusAccepted || doc["id"] != 1.0 {
		t.Errorf("start: %d %v", status, doc)
	}
	if status, doc := b.Call(t, http.MethodPost, "/api/reconciliations", `{"province":571}`); status != http.StatusConflict {
		t.Errorf("a second start: %d %v", status, doc)
	}
	if status, doc := b.Call(t, http.MethodPost, "/api/reconciliations", `{"province":571,"approve":true}`); status != http.StatusAccepted {
		t.Errorf("approval: %d %v", status, doc)
	}
	var lines int
	const audited = `SELECT count(*) FROM audit.line WHERE actor = 'headquarters_analyst' AND object_kind = 'province'
		AND action IN ('reconciliation.start', 'reconciliation.approve')`
	if err := s.owner.QueryRow(t.Context(), audited).Scan(&lines); err != nil || lines != 3 {
		t.Errorf("%d audit lines, %v", lines, err)
	}
	doc := get(t, b, "/api/reconciliations")
	if got := texts(t, doc["items"], "id"); got != "2 1" || doc["total"] != 2.0 {
		t.Errorf("runs %s of %v", got, doc["total"])
	}
	running := get(t, b, "/api/reconciliations?province=571")["items"].([]any)[0].(map[string]any)
	if progress := running["progress"].(map[string]any); progress["phase"] != "compare" || progress["tablesDone"] != 3.0 {
		t.Errorf("progress %v", progress)
	}
	done := get(t, b, "/api/reconciliations/1")
	if got := texts(t, done["differences"], "table") + " " + texts(t, done["differences"], "kind"); got != "crm.bill crm.customer missing different" {
		t.Errorf("differences %s", got)
	}
	if statement := done["certificate"].(map[string]any)["statement"].(map[string]any); statement["province"] != 591.0 {
		t.Errorf("certificate %v", statement)
	}
	if causes := done["run"].(map[string]any)["causes"].([]any); len(causes) == 0 {
		t.Error("no causes")
	}
	const part = `{"province":591,"table":"crm.bill","from":5,"resync":true}`
	if status, doc := b.Call(t, http.MethodPost, "/api/reconciliations", part); status != http.StatusAccepted {
		t.Errorf("a part: %d %v", status, doc)
	}
	if r := s.last; r.Table != "crm.bill" || r.From == nil || *r.From != 5 || r.To != nil || !r.Resync {
		t.Errorf("asked for %+v", r)
	}
	if status, doc := b.Call(t, http.MethodPost, "/api/reconciliations/all", ""); status != http.StatusAccepted || len(doc["ids"].([]any)) != 2 {
		t.Errorf("all: %d %v", status, doc)
	}
	if status, _ := b.Call(t, http.MethodPost, "/api/reconciliations/1/cancel", ""); status != http.StatusNoContent {
		t.Errorf("cancel: %d", status)
	}
	if status, _ := b.Call(t, http.MethodPost, "/api/reconciliations/9/cancel", ""); status != http.StatusNotFound {
		t.Errorf("cancel an unknown run: %d", status)
	}
	if status, _ := b.Call(t, http.MethodGet, "/api/reconciliations/9", ""); status != http.StatusNotFound {
		t.Errorf("an unknown run: %d", status)
	}
}
