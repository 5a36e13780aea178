package province_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

// catalogue puts products into the reference data, as apply does.
func (x *site) catalogue(t *testing.T, codes ...string) *pgxpool.Pool {
	t.Helper()
	owner := x.Database.Owner(t)
	for _, code := range codes {
		_, err := owner.Exec(t.Context(), `INSERT INTO ref.product (id, province, code, name_zh, name_en, family, unit, monthly_fee_fen, status, effective_on, version, changed_at)
			SELECT coalesce(max(id), 0) + 1, 0, $1, '互联网专线', 'Internet line', 'line', 'line', 100, 'active', '2026-01-01', 1, now() FROM ref.product`, code)
		if err != nil {
			t.Fatal(err)
		}
	}
	return owner
}

// What the province says of a product outlives every update of the catalogue.
func TestExtensionSurvivesEveryUpdate(t *testing.T) {
	x := newSite(t)
	owner := x.catalogue(t, "IDL100", "IDL200")
	b := x.as(t, "administrator")
	extend := func(version int, name string, available bool, want int) {
		t.Helper()
		body := fmt.Sprintf(`{"version":%d,"localName":"%s","available":%t,"note":"县区暂无端口"}`, version, name, available)
		if status, doc := b.Call(t, http.MethodPut, "/api/reference/products/IDL100/extension", body); status != want {
			t.Fatalf("%d %v, want %d", status, doc, want)
		}
	}
	extend(0, "福建快线", false, 204)
	extend(0, "另一个", true, 409)
	extend(1, "福建快线 100M", false, 204)
	extend(2, strings.Repeat("长", 121), false, 422)
	if status, _ := b.Call(t, http.MethodPut, "/api/reference/products/NONE/extension", `{"version":0,"localName":"","available":true,"note":""}`); status != 404 {
		t.Errorf("a product that the catalogue does not have: %d", status)
	}
	shows := func(want string) {
		t.Helper()
		_, doc := x.as(t, "manager").Call(t, http.MethodGet, "/api/reference/products?q=快线", "")
		got := ""
		for _, item := range doc["items"].([]any) {
			v := item.(map[string]any)["values"].(map[string]any)
			got += fmt.Sprint(v["code"], " ", v["nameZh"], " ", v["localName"], " ", v["available"], " ", v["monthlyFeeFen"])
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	shows("IDL100 互联网专线 福建快线 100M false 100")
	for _, update := range []struct{ sql, want string }{
		{`UPDATE ref.product SET name_zh = '互联网专线（新）', monthly_fee_fen = 200`, "IDL100 互联网专线（新） 福建快线 100M false 200"},
		{`UPDATE ref.product SET expired_at = now()`, ""},
		{`TRUNCATE ref.product`, ""}, // a new epoch begins
		{
			`INSERT INTO ref.product (id, province, code, name_zh, monthly_fee_fen, version, changed_at) VALUES (9, 0, 'IDL100', '专线', 5, 2, now())`,
			"IDL100 专线 福建快线 100M false 5",
		},
		{
			`INSERT INTO ref.product (id, province, code, name_zh, monthly_fee_fen, version, changed_at) VALUES (10, 591, 'IDL100', '福建专线', 4, 2, now())`,
			"IDL100 福建专线 福建快线 100M false 4",
		},
	} {
		if _, err := owner.Exec(t.Context(), update.sql); err != nil {
			t.Fatal(err)
		}
		shows(update.want)
	}
	if n := customertest.Value[int](t, owner, `SELECT count(*)::int FROM audit.line WHERE action = 'reference.extend'`); n != 2 {
		t.Errorf("%d lines of the trail, want 2", n)
	}
}

// The list of key accounts and the province's own claim set the flag beside each other.
func TestKeyAccountsSetTheCrossProvinceFlag(t *testing.T) {
	x := newSite(t)
	owner := x.Database.Owner(t)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	add := func(n int, claim bool) customer.Customer {
		f := customertest.Facts(fmt.Sprint("澄川", n), 0)
		f.CreditCode, f.CrossProvince = customertest.CreditCode(t, n), claim
		return x.Add(t, f)
	}
	list := func(id, n int) {
		exec(`INSERT INTO ref.key_account (id, province, credit_code, name, since, version, changed_at) VALUES ($1, 0, $2, '澄川集团', '2026-01-01', 1, now())`,
			id, string(customertest.CreditCode(t, n)))
	}
	match := func(want int) {
		t.Helper()
		if n, err := x.all.KeyAccounts.Match(t.Context()); err != nil || n != want {
			t.Fatalf("%d customers matched, want %d: %v", n, want, err)
		}
	}
	is := func(c customer.Customer, claim, crosses, national bool, key int64) {
		t.Helper()
		now, err := x.Customers.Get(t.Context(), account.System("test"), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.CrossProvince != claim || now.CrossesProvinces != crosses || now.National != national || now.KeyAccountID != key {
			t.Errorf("%s: claim %t, crosses %t, national %t, key account %d; want %t %t %t %d",
				now.Name, now.CrossProvince, now.CrossesProvinces, now.National, now.KeyAccountID, claim, crosses, national, key)
		}
	}
	plain, claimed, other := add(1, false), add(2, true), add(3, false)
	match(0)
	is(plain, false, false, false, 0)
	is(claimed, true, true, true, 0)

	list(7, 1)
	list(8, 2)
	match(2)
	is(plain, false, true, true, 7)
	is(claimed, true, true, true, 8)
	is(other, false, false, false, 0)
	match(0)

	// The trail says who did what and why; the browser shows the reason.
	_, doc := x.as(t, "administrator").Call(t, http.MethodGet, fmt.Sprintf("/api/customers/%d", plain.ID), "")
	if doc["keyAccount"] != "澄川集团" || doc["keyAccountSince"] != "2026-01-01" || doc["crossesProvinces"] != true || doc["crossProvince"] != false {
		t.Errorf("the browser sees %v", doc)
	}
	trail := customertest.Value[string](t, owner, `SELECT actor || ' ' || (before - 'id')::text || ' ' || after::text FROM audit.line WHERE customer_id = $1 ORDER BY id DESC LIMIT 1`, plain.ID)
	if trail != `system:key-accounts {"national": false, "keyAccount": "", "crossesProvinces": false} {"national": true, "keyAccount": "澄川集团", "crossesProvinces": true}` {
		t.Errorf("the trail says %s", trail)
	}

	// The manual claim does not fight with the list: it is kept, and holds when the list lets go.
	plain, _ = x.Customers.Get(t.Context(), account.System("test"), plain.ID)
	plain = x.Change(t, plain, func(f *customer.Facts) { f.CrossProvince = true })
	is(plain, true, true, true, 7)
	plain = x.Change(t, plain, func(f *customer.Facts) { f.CrossProvince = false })
	is(plain, false, true, true, 7)
	exec(`UPDATE ref.key_account SET expired_at = now()`)
	match(2)
	is(plain, false, false, false, 0)
	is(claimed, true, true, true, 0)

	// New and changed customers are matched at once, and one row after the other in one transaction
	// of a new epoch makes no difference.
	list(9, 4)
	list(10, 5)
	is(add(4, false), false, true, true, 9)
	other = x.Change(t, other, func(f *customer.Facts) { f.CreditCode = customertest.CreditCode(t, 5) })
	is(other, false, true, true, 10)
	other = x.Change(t, other, func(f *customer.Facts) { f.CreditCode = "" })
	is(other, false, false, false, 0)
	match(0)
}

func TestNoticesAndAge(t *testing.T) {
	x := newSite(t)
	owner := x.Database.Owner(t)
	b := x.as(t, "manager")
	if _, doc := b.Call(t, http.MethodGet, "/api/reference", ""); doc["ageSeconds"] != float64(-1) || doc["state"] != "waiting" {
		t.Errorf("before anything came: %v", doc)
	}
	if _, err := owner.Exec(t.Context(), `SELECT sync.add_province(591::smallint);
		UPDATE sync.position SET epoch = 5, lsn = '0/10', applied_at = now() - interval '1 hour';
		UPDATE sync.province_state SET state = 'running', head_lsn = '0/10', heard_at = now() - interval '90 seconds', committed_at = now() - interval '2 hours';
		INSERT INTO ref.notice (id, province, title, body, level, valid_from, valid_to, version, changed_at, expired_at) VALUES
			(1, 0, '信息', '', 'info', now() - interval '1 day', now() + interval '1 day', 1, now(), NULL),
			(2, 591, '紧急', '', 'urgent', now() - interval '1 day', now() + interval '1 day', 1, now(), NULL),
			(3, 0, '过去', '', 'info', now() - interval '2 days', now() - interval '1 day', 1, now(), NULL),
			(4, 0, '未来', '', 'info', now() + interval '1 day', now() + interval '2 days', 1, now(), NULL),
			(5, 0, '失效', '', 'info', now() - interval '1 day', now() + interval '1 day', 1, now(), now())`); err != nil {
		t.Fatal(err)
	}
	_, doc := b.Call(t, http.MethodGet, "/api/reference", "")
	if age := doc["ageSeconds"].(float64); age < 90 || age > 110 || doc["version"] != float64(16) || doc["epoch"] != float64(5) {
		t.Errorf("heard 90 seconds ago: %v", doc)
	}
	if _, err := owner.Exec(t.Context(), `UPDATE sync.province_state SET head_lsn = '0/11'`); err != nil {
		t.Fatal(err)
	}
	if _, doc := b.Call(t, http.MethodGet, "/api/reference", ""); doc["ageSeconds"].(float64) < 3600 || doc["head"] != float64(17) {
		t.Errorf("something newer was announced: %v", doc)
	}
	_, doc = b.Call(t, http.MethodGet, "/api/notices", "")
	titles := ""
	for _, n := range doc["items"].([]any) {
		titles += n.(map[string]any)["title"].(string) + " "
	}
	if titles != "紧急 信息 " {
		t.Errorf("notices %s", titles)
	}
	for _, kind := range []string{"products", "codes", "classes", "key-accounts", "policies", "notices"} {
		if status, doc := b.Call(t, http.MethodGet, "/api/reference/"+kind, ""); status != 200 {
			t.Errorf("%s: %d %v", kind, status, doc)
		}
	}
}
