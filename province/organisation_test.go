package province_test

import (
	"fmt"
	"testing"

	"jike/internal/account"
	"jike/province/customer/customertest"
)

// TestTheTreeIsChangedAndScopesFollow adds, renames, moves and closes units: whoever reaches customers by a unit above
// reaches them so at once, and what has anything on it is not closed.
func TestTheTreeIsChangedAndScopesFollow(t *testing.T) {
	x := newSite(t)
	x.employ(t, x.Colleague, x.HeadB)
	c := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	if _, err := x.all.Completeness.Judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	administrator := x.as(t, "administrator")
	path := fmt.Sprintf("/api/customers/%d", c.ID)
	seen := func() (who string) {
		t.Helper()
		for _, login := range []string{"manager", "head-a", "head-b", "head-c"} {
			if status, _ := x.as(t, login).Call(t, "GET", path, ""); status == 200 {
				who += login + " "
			}
		}
		return who
	}
	change := func(method, what, body, want string) map[string]any {
		t.Helper()
		status, doc := administrator.Call(t, method, "/api/organisation"+what, body)
		if got := fmt.Sprint(status, " ", doc["code"]); got != want && fmt.Sprint(status) != want {
			t.Errorf("%s %s: %s, want %s, %v", what, body, got, want, doc)
		}
		return doc
	}
	of := func(id any, what string) string { return fmt.Sprintf("/%v/%s", id, what) }
	into := func(parent any) string { return fmt.Sprintf(`{"parentId":%v}`, parent) }

	fuzhou, xiamen := x.DepartmentA.ParentID, x.DepartmentB.ParentID
	change("POST", "", fmt.Sprintf(`{"parentId":%d,"code":"FZ01","name":"集客三部"}`, fuzhou), "409 organisation.code.exists")
	change("POST", "", fmt.Sprintf(`{"parentId":%d,"code":"FZ09","name":" "}`, fuzhou), "422 organisation.name.missing")
	change("POST", "", fmt.Sprintf(`{"parentId":%d,"code":"FZ09","name":"孙"}`, x.ManagerUnit.ID), "422 organisation.kind.unknown")
	change("POST", "", `{"parentId":1,"code":"3501","name":"莆田分公司"}`, "422 organisation.city.code")
	third := change("POST", "", fmt.Sprintf(`{"parentId":%d,"code":" FZ09 ","name":" 集客三部 "}`, fuzhou), "201")
	if third["kind"] != "department" || third["name"] != "集客三部" || third["code"] != "FZ09" {
		t.Fatalf("%v", third)
	}
	x.employ(t, account.Caller{Login: "head-c", Role: account.DepartmentHead, UnitID: int64(third["id"].(float64))})
	change("PUT", of(third["id"], "name"), `{"before":"集客三部","name":"集客五部"}`, "204")
	change("PUT", of(third["id"], "name"), `{"before":"集客三部","name":"集客六部"}`, "409 organisation.changed")

	if got := seen(); got != "manager head-a " {
		t.Errorf("before: %s", got)
	}
	change("POST", of(x.ManagerUnit.ID, "move"), into(third["id"]), "204")
	if got := seen(); got != "manager head-c " {
		t.Errorf("the person moved: %s", got)
	}
	change("POST", of(x.ManagerUnit.ID, "move"), into(x.ColleagueUnit.ID), "422 organisation.parent.kind")
	change("POST", of(x.ManagerUnit.ID, "move"), into(fuzhou), "422 organisation.parent.kind")
	change("POST", of(third["id"], "move"), into(xiamen), "204")
	if got := seen(); got != "manager head-c " {
		t.Errorf("the department moved: %s", got)
	}
	path2 := fmt.Sprintf("/1/%d/%v/%d/", xiamen, third["id"], x.ManagerUnit.ID)
	if got := customertest.Value[string](t, x.DB, `SELECT path FROM crm.organisation WHERE id = $1`, x.ManagerUnit.ID); got != path2 {
		t.Errorf("path %s, want %s", got, path2)
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.organisation o LEFT JOIN crm.organisation p ON p.id = o.parent_id
		WHERE o.path <> coalesce(p.path, '/') || o.id || '/'`); n != 0 {
		t.Errorf("%d paths are not those of the units above", n)
	}
	x.closesUnits(t, change, third["id"])
}

// closesUnits closes a department, after what hangs on it has gone elsewhere.
func (x *site) closesUnits(t *testing.T, change func(method, what, body, want string) map[string]any, department any) {
	t.Helper()
	one := func(id any, what string) string { return fmt.Sprintf("/%v/%s", id, what) }
	tree := change("GET", "/tree", "", "200")
	for _, item := range tree["units"].([]any) {
		if u := item.(map[string]any); u["id"] == department && fmt.Sprint(u["people"], u["accounts"], u["customers"]) != "1 1 1" {
			t.Errorf("%v", u)
		}
	}
	change("POST", one(department, "close"), "", "422 organisation.close.customers")
	change("POST", "/1/close", "", "422 organisation.close.province")
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET manager_id = $2 WHERE manager_id = $1`, x.ManagerUnit.ID, x.ColleagueUnit.ID); err != nil {
		t.Fatal(err)
	}
	change("POST", one(department, "close"), "", "422 organisation.close.units")
	change("POST", one(x.ManagerUnit.ID, "close"), "", "422 organisation.close.accounts")
	if _, err := x.Database.Owner(t).Exec(t.Context(), `UPDATE account.account SET active = false WHERE login IN ('manager', 'head-c')`); err != nil {
		t.Fatal(err)
	}
	change("POST", one(x.ManagerUnit.ID, "close"), "", "204")
	change("POST", one(department, "close"), "", "204")
	change("POST", one(department, "close"), "", "204") // it is closed
	change("POST", one(x.ManagerUnit.ID, "open"), "", "422 organisation.parent.closed")
	change("POST", one(x.ColleagueUnit.ID, "move"), fmt.Sprintf(`{"parentId":%v}`, department), "422 organisation.parent.closed")
	change("POST", one(department, "open"), "", "204")
	const trail = `SELECT string_agg(action, ' ' ORDER BY id) FROM audit.line WHERE object_kind = 'organisation' AND actor = 'administrator'`
	want := "organisation.create organisation.rename organisation.move organisation.move organisation.close organisation.close organisation.open"
	if got := customertest.Value[string](t, x.DB, trail); got != want {
		t.Errorf("trail %s", got)
	}
}
