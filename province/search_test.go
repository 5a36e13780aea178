package province_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/province"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/member"
	"jike/schemas/codes"
)

// findable adds two customers with a person, a phone line and a contract each: one of the manager's and
// one in another department; and one of the manager's that is sensitive, with a person.
func (x *site) findable(t *testing.T) (own, other customer.Customer) {
	t.Helper()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	add := func(n int, name string, unit int64, sensitive bool) customer.Customer {
		f := customertest.Facts(name, unit)
		f.CreditCode, f.Sensitive = customertest.CreditCode(t, n), sensitive
		c := x.Add(t, f)
		if _, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, contact.Facts{
			Role: contact.Decision, Name: "欧阳志远", WorkPhone: "0591-87654321", Private: contact.Private{Mobile: fmt.Sprintf("1390000000%d", n)},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.all.Members.Join(t.Context(), x.Everybody, c.ID, codes.Phone(fmt.Sprintf("1580000000%d", n)), day, member.Facts{ShortNumber: "6688"}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.all.Contracts.Add(t.Context(), x.Everybody, c.ID, contract.Facts{
			Number: fmt.Sprint("HT2026-", n), Name: "专线服务合同", SignedOn: day, EffectiveOn: day, ExpiresOn: day, Status: contract.Active,
		}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	own = add(1, "福州喆镕科技有限公司", x.ManagerUnit.ID, false)
	other = add(2, "厦门喆镕食品有限公司", x.StrangerUnit.ID, false)
	add(3, "厦门长虹银行", x.StrangerUnit.ID, true)
	return own, other
}

// hits are the ids of the customers of everything that was found, by kind.
func hits(doc map[string]any) string {
	var kinds []string
	for kind, id := range map[string]string{"customers": "id", "contacts": "customerId", "members": "customerId", "contracts": "customerId"} {
		var ids []string
		for _, item := range doc[kind].([]any) {
			ids = append(ids, fmt.Sprint(item.(map[string]any)[id]))
		}
		if slices.Sort(ids); len(ids) > 0 {
			kinds = append(kinds, kind+" "+strings.Join(ids, " "))
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}

func TestSearchFindsEverythingWithinScope(t *testing.T) {
	x := newSite(t)
	own, other := x.findable(t)
	for _, c := range []struct{ caller, text, want string }{
		{"manager", "喆镕", "customers 1"},
		{"administrator", "喆镕", "customers 1 2"},
		{"head-a", "喆镕", "customers 1"},
		{"administrator", "喆", ""}, // one character
		{"administrator", "！！", ""},
		{"manager", "zr", "customers 1"},         // behind the place
		{"administrator", "ZRSP", "customers 2"}, // in capitals
		{"administrator", "xmzr", "customers 2"}, // with the place
		{"administrator", "xmchyh", "customers 3"},
		{"manager", "xm", ""},
		{"manager", own.Number, "customers 1"},
		{"manager", other.Number, ""},
		{"administrator", string(own.CreditCode[:12]), "customers 1 2 3"},
		{"administrator", "志远", "contacts 1 2 3"},
		{"head-a", "欧阳志远", "contacts 1"},
		{"administrator", "志欧", ""},
		{"manager", "139 0000 0001", "contacts 1"},
		{"manager", "13900000002", ""},
		{"administrator", "1390000000", ""}, // a part of a contact's phone
		{"administrator", "(0591)87654321", "contacts 1 2 3"},
		{"administrator", "15800000002", "members 2"},
		{"manager", "1580000", "members 1"},
		{"administrator", "158000", ""},
		{"administrator", "6688", "members 1 2 3"},
		{"manager", "6688", "members 1"},
		{"administrator", "ht2026-", ""},
		{"administrator", "HT2026-2", "contracts 2"},
		{"manager", "HT2026", "contracts 1"},
		{"administrator", "线服", "contracts 1 2 3"},
		{"head-a", "专线服务", "contracts 1"},
	} {
		status, doc := x.as(t, c.caller).Call(t, "GET", "/api/search?q="+url.QueryEscape(c.text), "")
		if status != 200 {
			t.Errorf("%s looks for %q: %d %v", c.caller, c.text, status, doc)
		} else if hits(doc) != c.want {
			t.Errorf("%s looks for %q: %q, want %q", c.caller, c.text, hits(doc), c.want)
		}
	}
	for caller, want := range map[string]string{"manager": "13900000001", "head-a": "139****0001"} {
		_, doc := x.as(t, caller).Call(t, "GET", "/api/search?q=13900000001", "")
		if got := doc["contacts"].([]any)[0].(map[string]any)["phone"]; got != want {
			t.Errorf("%s reads the phone %v, want %s", caller, got, want)
		}
	}
}

// TestSearchGivesTheBestAndSaysThatThereAreMore looks for what many customers have.
func TestSearchGivesTheBestAndSaysThatThereAreMore(t *testing.T) {
	x := newSite(t)
	for i := range 14 {
		x.Add(t, customertest.Facts(fmt.Sprintf("福州榕城%02d有限公司", i), 0))
	}
	exact := x.Add(t, customertest.Facts("榕城", 0))
	_, doc := x.as(t, "administrator").Call(t, "GET", "/api/search?q=榕城", "")
	list := doc["customers"].([]any)
	if len(list) != 10 || doc["more"] != true || list[0].(map[string]any)["id"] != float64(exact.ID) {
		t.Errorf("%v", doc)
	}
	x.Change(t, exact, func(f *customer.Facts) { f.Name = "澄川" })
	for text, want := range map[string]string{"cc": fmt.Sprint("customers ", exact.ID), "澄川": fmt.Sprint("customers ", exact.ID)} {
		if _, doc := x.as(t, "administrator").Call(t, "GET", "/api/search?q="+url.QueryEscape(text), ""); hits(doc) != want {
			t.Errorf("%s after a change of name: %q, want %q", text, hits(doc), want)
		}
	}
}

// TestEverythingIsSearchedByIndexes lets PostgreSQL read rows only by what an index knows of them, and asks
// it whether a table was read as a whole nevertheless.
func TestEverythingIsSearchedByIndexes(t *testing.T) {
	x := newSite(t)
	x.findable(t)
	config, err := pgxpool.ParseConfig(x.Database.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	for _, whole := range []string{"enable_seqscan", "enable_indexscan", "enable_indexonlyscan"} {
		config.ConnConfig.RuntimeParams[whole] = "off"
	}
	one, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	scans := func() int64 {
		t.Helper()
		if _, err := one.Exec(t.Context(), `SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()`); err != nil {
			t.Fatal(err)
		}
		return customertest.Value[int64](t, one, `SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables
			WHERE schemaname = 'crm' AND relname IN ('customer', 'customer_name', 'contact', 'member', 'contract')`)
	}
	search := province.NewStores(one, customertest.Province, time.UTC).Search
	before := scans()
	for _, text := range []string{"喆镕", "zrkj", "13900000001", "1580000", "6688", "HT2026-1", "专线服务"} {
		if _, err := search.Find(t.Context(), x.Administrator, text); err != nil {
			t.Fatal(err)
		}
	}
	if after := scans(); after != before {
		t.Errorf("%d scans of whole tables", after-before)
	}
	if customertest.Value[int](t, one, `SELECT count(*) FROM crm.contact WHERE strpos(name, '欧阳') > 0`); scans() == before {
		t.Error("a scan of a whole table was not counted")
	}
}
