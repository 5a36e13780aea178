package province_test

import (
	"fmt"
	"testing"
	"time"

	"jike/internal/account"
	"jike/province/customer/customertest"
)

// TestASensitiveCustomerIsSeenByWhoIsNamed names a head for a sensitive customer: they see it until their last day,
// or until somebody ends it.
func TestASensitiveCustomerIsSeenByWhoIsNamed(t *testing.T) {
	x := newSite(t)
	f := customertest.Facts("榕澄", x.ManagerUnit.ID)
	f.Sensitive = true
	c := x.Add(t, f)
	head, administrator := x.as(t, "head-a"), x.as(t, "administrator")
	id := x.accountID(t, "head-a")
	customerPath := fmt.Sprintf("/api/customers/%d", c.ID)
	path := customerPath + "/viewers"
	seen := func() string {
		t.Helper()
		status, _ := head.Call(t, "GET", customerPath+"/overview", "")
		_, list := head.Call(t, "GET", "/api/customers", "")
		return fmt.Sprint(status, " ", list["total"])
	}
	name := func(account int64, until time.Time, reason string) (int, map[string]any) {
		t.Helper()
		return administrator.Call(t, "PUT", path, fmt.Sprintf(`{"accountId":%d,"until":%q,"reason":%q}`, account, until.Format(time.DateOnly), reason))
	}
	if got := seen(); got != "404 0" {
		t.Fatalf("before: %s", got)
	}
	for _, refused := range []struct {
		account int64
		until   time.Time
		reason  string
		code    string
	}{
		{id, today().AddDate(0, 0, -2), "专项", "customer.viewer.until"},
		{id, today().AddDate(3, 0, 0), "专项", "customer.viewer.until"},
		{id, today().AddDate(0, 1, 0), " ", "input.required"},
		{x.accountID(t, "manager"), today().AddDate(0, 1, 0), "专项", "customer.viewer.head"},
	} {
		if status, doc := name(refused.account, refused.until, refused.reason); status/100 != 4 || doc["code"] != refused.code {
			t.Errorf("%v: %d %v", refused, status, doc)
		}
	}
	if status, doc := name(id, today().AddDate(0, 1, 0), " 重保专项 "); status != 200 || len(doc["items"].([]any)) != 1 {
		t.Fatalf("named: %d %v", status, doc)
	}
	if got := seen(); got != "200 1" {
		t.Errorf("named: %s", got)
	}
	owner := x.Database.Owner(t)
	if _, err := owner.Exec(t.Context(), `UPDATE crm.sensitive_viewer SET until = current_date - 2`); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got != "404 0" {
		t.Errorf("after the last day: %s", got)
	}
	if status, doc := name(id, today().AddDate(0, 0, 1), "续"); status != 200 || len(doc["items"].([]any)) != 1 {
		t.Fatalf("named anew: %d %v", status, doc)
	}
	if got := seen(); got != "200 1" {
		t.Errorf("named anew: %s", got)
	}
	remove := path + fmt.Sprint("?account=", id)
	if status, doc := administrator.Call(t, "DELETE", remove, ""); status != 200 || len(doc["items"].([]any)) != 0 {
		t.Errorf("ended: %d %v", status, doc)
	}
	if status, doc := administrator.Call(t, "DELETE", remove, ""); status != 404 || doc["code"] != "customer.viewer.unknown" {
		t.Errorf("ended again: %d %v", status, doc)
	}
	if got := seen(); got != "404 0" {
		t.Errorf("ended: %s", got)
	}
	const trail = `SELECT string_agg(actor || ' ' || action || ' ' || coalesce(before ->> 'viewer', after ->> 'reason'), ', ' ORDER BY id) FROM audit.line WHERE action LIKE 'customer.viewer.%'`
	want := "administrator customer.viewer.name 重保专项, administrator customer.viewer.name 续, administrator customer.viewer.unname head-a"
	if got := customertest.Value[string](t, owner, trail); got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	if err := x.Customers.Name(t.Context(), account.Caller{Role: account.DepartmentHead}, c.ID, id, today(), "专项"); err == nil {
		t.Error("a head names somebody")
	}
}

// accountID is the account of a login.
func (x *site) accountID(t *testing.T, login string) int64 {
	t.Helper()
	return customertest.Value[int64](t, x.DB, `SELECT id FROM account.account WHERE login = $1`, login)
}
