package province_test

import (
	"fmt"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/province/customer/customertest"
)

// TestAViewIsSharedWithATeam goes the way of the portal: a manager keeps a view, shares it with the department and with
// nobody beyond, others begin with it and copy it, and only who may changes it.
func TestAViewIsSharedWithATeam(t *testing.T) {
	x := newSite(t)
	manager, head, administrator := x.as(t, "manager"), x.as(t, "head-a"), x.as(t, "administrator")
	kept := func(name, audience string, unit int64) string {
		return fmt.Sprintf(`"name":%q,"audience":%q,"unitId":%d,"settings":{"columns":["manager","class"],"filter":{"class":["A1"],"q":"电力"},"sort":"name","dir":"desc","group":"class","display":"kanban"}}`,
			name, audience, unit)
	}
	seen := func(login string) string {
		t.Helper()
		_, doc := x.as(t, login).Call(t, "GET", "/api/views", "")
		names := ""
		for _, item := range doc["items"].([]any) {
			v := item.(map[string]any)
			names += fmt.Sprint(v["name"], " ", v["own"], " ", v["mayChange"], " ", v["default"], "; ")
		}
		return names
	}

	status, doc := manager.Call(t, "POST", "/api/views", `{`+kept(" 重点 ", "private", 0))
	if status != 201 || doc["name"] != "重点" || fmt.Sprint(doc["settings"]) != "map[columns:[manager class] dir:desc display:kanban filter:map[class:[A1] q:电力] group:class sort:name]" {
		t.Fatalf("kept: %d %v", status, doc)
	}
	path := fmt.Sprintf("/api/views/%.0f", doc["id"])
	if got := seen("head-a"); got != "" {
		t.Errorf("the head sees a private view: %s", got)
	}
	if status, _ := head.Call(t, "PUT", path, `{"version":1,`+kept("甲", "private", 0)); status != 404 {
		t.Errorf("the head changes a private view: %d", status)
	}
	before := pgtest.Digest(t, x.Database.Owner(t))
	for what, refused := range map[string]struct {
		body string
		code string
	}{
		"everybody":                {kept("乙", "public", 0), "permission.missing"},
		"a department of others":   {kept("乙", "team", x.DepartmentB.ID), "view.team.unknown"},
		"a person":                 {kept("乙", "team", x.ManagerUnit.ID), "view.team.unknown"},
		"no team":                  {kept("乙", "team", 0), "view.team.unknown"},
		"a name twice":             {kept("重点", "private", 0), "view.name.taken"},
		"a column that is not":     {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":["attribute.none"],"filter":{},"sort":"id","dir":"asc"}}`, "view.missing"},
		"an attribute that is not": {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":[],"filter":{"attribute":"none","value":"1"},"sort":"id","dir":"asc"}}`, "view.missing"},
		"a board of cities":        {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":[],"filter":{},"sort":"id","dir":"asc","group":"city","display":"kanban"}}`, "view.kanban.group"},
		"a board of nothing":       {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":[],"filter":{},"sort":"id","dir":"asc","display":"kanban"}}`, "view.kanban.group"},
		"a grouping that is not":   {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":[],"filter":{},"sort":"id","dir":"asc","group":"name"}}`, "input.invalid"},
		"a class that is not":      {`"name":"乙","audience":"private","unitId":0,"settings":{"columns":[],"filter":{"class":["Z"]},"sort":"id","dir":"asc"}}`, "class.unknown"},
	} {
		if status, doc := manager.Call(t, "POST", "/api/views", `{`+refused.body); status/100 != 4 || doc["code"] != refused.code {
			t.Errorf("%s: %d %v", what, status, doc)
		}
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}

	if status, doc := manager.Call(t, "PUT", path, `{"version":1,`+kept("重点", "team", x.DepartmentA.ID)); status != 200 || doc["unitName"] != "集客一部" {
		t.Fatalf("shared: %d %v", status, doc)
	}
	if status, doc := manager.Call(t, "PUT", path, `{"version":1,`+kept("重点", "private", 0)); status != 409 || doc["current"].(map[string]any)["audience"] != "team" {
		t.Errorf("older version: %d %v", status, doc)
	}
	x.otherHead(t) // of another department
	for login, want := range map[string]string{
		"manager": "重点 true true false; ", "head-a": "重点 false true false; ", "administrator": "重点 false true false; ", x.HeadB.Login: "",
	} {
		if got := seen(login); got != want {
			t.Errorf("%s sees %q, want %q", login, got, want)
		}
	}
	// Whoever sees it begins with it.
	if status, doc := head.Call(t, "PUT", "/api/default-view", fmt.Sprintf(`{"id":%s}`, path[len("/api/views/"):])); status != 204 {
		t.Fatalf("default: %d %v", status, doc)
	}
	if got := seen("head-a"); got != "重点 false true true; " {
		t.Errorf("default: %s", got)
	}
	if status, _ := x.as(t, x.HeadB.Login).Call(t, "PUT", "/api/default-view", fmt.Sprintf(`{"id":%s}`, path[len("/api/views/"):])); status != 404 {
		t.Errorf("default of another department: %d", status)
	}
	// A view of everybody is changed by its owner and the administrator.
	status, doc = head.Call(t, "POST", "/api/views", `{`+kept("全省", "public", 0))
	if status != 201 {
		t.Fatalf("public: %d %v", status, doc)
	}
	public := fmt.Sprintf("/api/views/%.0f", doc["id"])
	if status, doc := manager.Call(t, "DELETE", public, ""); status != 403 || doc["code"] != "view.not_own" {
		t.Errorf("a manager removes the head's: %d %v", status, doc)
	}
	if got := seen(x.HeadB.Login); got != "全省 false false false; " {
		t.Errorf("everybody sees %q", got)
	}
	if status, _ := administrator.Call(t, "DELETE", public, ""); status != 204 {
		t.Errorf("the administrator removes it: %d", status)
	}
	// What it names is no more.
	owner := x.Database.Owner(t)
	if _, err := owner.Exec(t.Context(), `UPDATE crm.view SET settings = jsonb_set(settings, '{columns}', '["attribute.old", "shoeSize", "class"]')`); err != nil {
		t.Fatal(err)
	}
	_, doc = head.Call(t, "GET", "/api/views", "")
	if missing := fmt.Sprint(doc["items"].([]any)[0].(map[string]any)["missing"]); missing != "[attribute.old shoeSize]" {
		t.Errorf("missing %s", missing)
	}
	if status, _ := manager.Call(t, "DELETE", path, ""); status != 204 {
		t.Fatalf("removed: %d", status)
	}
	if got := seen("head-a"); got != "" {
		t.Errorf("removed: %s", got)
	}
	const trail = `SELECT string_agg(actor || ' ' || action, ', ' ORDER BY id) FROM audit.line WHERE object_kind = 'view'`
	if got, want := customertest.Value[string](t, owner, trail), "manager view.create, manager view.change, head-a view.default, head-a view.create, administrator view.remove, manager view.remove"; got != want {
		t.Errorf("trail %s\nwant  %s", got, want)
	}
}
