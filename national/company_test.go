package national_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
)

// The list has who spans provinces by credit code, and every key account, even one that no province has.
func TestCompanyList(t *testing.T) {
	s := newSite(t)
	if _, err := s.owner.Exec(t.Context(), `INSERT INTO ref.key_account (credit_code, name, since, version) VALUES
		('52000000MJ00000182', '云澜控股', '2026-03-01', 1), ('91000000MA00000A9W', '澄川信息', '2026-02-01', 1)`); err != nil {
		t.Fatal(err)
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	before := get(t, b, "/api/companies")
	if before["total"] != 0.0 {
		t.Fatalf("%v companies before they were grouped", before["total"])
	}
	if err := s.stores.Companies.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{ // credit codes, in their order
		"":                                "91000000MA00000157 91000000MA00000A9W 52000000MJ00000182",
		"?keyAccount=true&sort=name":      "91000000MA00000A9W 52000000MJ00000182", // 澄 is after 云 in code points
		"?keyAccount=false":               "91000000MA00000157",
		"?province=571":                   "91000000MA00000157",
		"?province=571,591":               "91000000MA00000157",
		"?province=591&sort=customers":    "91000000MA00000157 91000000MA00000A9W",
		"?q=云澜":                           "52000000MJ00000182",
		"?q=9100":                         "91000000MA00000157 91000000MA00000A9W",
		"?q=澄川集团":                         "91000000MA00000157",
		"?sort=creditCode&dir=asc&size=1": "52000000MJ00000182",
	} {
		if got := texts(t, get(t, b, "/api/companies"+query)["items"], "creditCode"); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	list := get(t, b, "/api/companies")
	first := list["items"].([]any)[0].(map[string]any)
	for field, want := range map[string]any{"name": "澄川集团有限公司", "customers": 2.0, "active": 2.0, "class": "A1", "keyAccountSince": ""} {
		if first[field] != want {
			t.Errorf("%s is %v, want %v", field, first[field], want)
		}
	}
	if at, err := time.Parse(time.RFC3339, list["computedAt"].(string)); err != nil || !at.After(mustTime(t, before["computedAt"])) {
		t.Errorf("computed at %v, before %v: %v", list["computedAt"], before["computedAt"], err)
	}
	for _, bad := range []string{"?sort=id", "?size=201", "?keyAccount=x", "?page=0"} {
		if status, doc := b.Call(t, http.MethodGet, "/api/companies"+bad, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", bad, status, doc)
		}
	}
}

// A company's page adds up what each province sent, and says what the provinces state differently.
func TestCompanyWithProvincesSideBySide(t *testing.T) {
	s := newSite(t)
	if _, err := s.owner.Exec(t.Context(), `
		UPDATE crm.customer SET industry = '64', legal_person = '王若' WHERE province = 571 AND id = 1;
		UPDATE crm.bill SET month = date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month';
		UPDATE crm.bill SET month = month - interval '1 year' WHERE province = 591 AND id = 1;
		INSERT INTO crm.bill (province, id, customer_id, month, amount_fen, paid_fen) VALUES
			(591, 8, 1, date_trunc('month', now() AT TIME ZONE 'UTC') - interval '12 month', 30, 20), -- the first of the twelve
			(591, 9, 1, date_trunc('month', now() AT TIME ZONE 'UTC'), 5000, 4000); -- not over yet
		INSERT INTO ref.key_account (credit_code, name, since, version) VALUES ('52000000MJ00000182', '云澜控股', '2026-03-01', 1)`); err != nil {
		t.Fatal(err)
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	doc := get(t, b, "/api/companies/91000000MA00000157")
	for field, want := range map[string]string{
		"number": "5910000000001 5710000000001", "class": "A1 A2", "decisionMaker": "王*䶮 ", "legalPerson": " 王*", "contracts": "1 0", "contractFen": "123456 0",
		"nextExpiry": "2026-12-31 ", "subscriptions": "1 0", "monthlyFeeFen": "128000 0",
		"incomeFen": "150 7", "yearBeforeFen": "100 0", "arrearsFen": "1130 0", "cityName": "福州市 杭州市",
	} {
		if got := texts(t, doc["members"], field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	if got := doc["differing"].([]any); len(got) != 1 || got[0] != "industry" {
		t.Errorf("stated differently: %v", got) // one legal person only is stated
	}
	if got := texts(t, doc["income"], "amountFen"); got != "30 7 120" {
		t.Errorf("income by month and province: %s", got)
	}
	if from, to := doc["from"].(string), doc["to"].(string); len(from) != 7 || strings.Compare(from, to) >= 0 {
		t.Errorf("from %s to %s", from, to)
	}
	if doc := get(t, b, "/api/companies/52000000MJ00000182"); doc["name"] != "云澜控股" || doc["keyAccountSince"] != "2026-03-01" || len(doc["members"].([]any)) != 0 {
		t.Errorf("a key account that no province has: %v", doc)
	}
	if status, _ := b.Call(t, http.MethodGet, "/api/companies/11000000000000027K", ""); status != http.StatusNotFound {
		t.Errorf("an unknown company: %d", status)
	}
}

func mustTime(t *testing.T, value any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
