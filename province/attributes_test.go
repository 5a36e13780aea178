package province_test

import (
	"fmt"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/province/customer/customertest"
)

// TestCustomAttributesAreDefinedStatedAndFound goes the way of the portal: an administrator defines attributes of
// every kind, a manager states them of a customer, the list finds it, what is refused changes nothing.
func TestCustomAttributesAreDefinedStatedAndFound(t *testing.T) {
	x := newSite(t)
	admin, manager := x.as(t, "administrator"), x.as(t, "manager")
	own := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID))
	x.Add(t, customertest.Facts("鹭岛", x.ManagerUnit.ID))
	const body = `"code":%q,"nameZh":" 名 ","nameEn":"Name","kind":%q,"required":%t,"retired":%t,"position":%d,"longest":5,"least":"0","most":"100.50","unit":"Mbit/s","choices":%s`
	const two = `[{"code":"gold","nameZh":"金","nameEn":"Gold"},{"code":"tin","nameZh":"锡","nameEn":"Tin"}]`
	define := func(method, path string, version int, code, kind string, required, retired bool, position int, choices string) (int, map[string]any) {
		return admin.Call(t, method, path, fmt.Sprintf(`{"version":%d,`+body+`}`, version, code, kind, required, retired, position, choices))
	}
	ids := map[string]string{}
	for i, kind := range []string{"text", "number", "date", "choice", "flag"} {
		choices := `[]`
		if kind == "choice" {
			choices = two
		}
		status, doc := admin.Call(t, "POST", "/api/attributes", fmt.Sprintf(`{`+body+`}`, "a_"+kind, kind, kind == "number", false, 5-i, choices))
		if status != 201 || doc["nameZh"] != "名" || doc["most"] != "100.5" {
			t.Fatalf("%s: %d %v", kind, status, doc)
		}
		ids[kind] = fmt.Sprintf("/api/attributes/%.0f", doc["id"])
	}
	if status, doc := manager.Call(t, "GET", "/api/attributes", ""); status != 200 || doc["items"].([]any)[0].(map[string]any)["code"] != "a_flag" {
		t.Errorf("list: %d %v", status, doc)
	}

	path := fmt.Sprintf("/api/customers/%d/attributes", own.ID)
	state := func(version int, values string) (int, map[string]any) {
		return manager.Call(t, "PUT", path, fmt.Sprintf(`{"version":%d,"values":{%s}}`, version, values))
	}
	if status, doc := state(0, `"a_text":"  专线 ","a_number":"+007.250","a_date":"2026-02-28","a_choice":"gold","a_flag":"true"`); status != 200 || doc["version"] != 1.0 ||
		fmt.Sprint(doc["values"]) != "map[a_choice:gold a_date:2026-02-28 a_flag:true a_number:7.25 a_text:专线]" {
		t.Fatalf("stated: %d %v", status, doc)
	}
	before := pgtest.Digest(t, x.Database.Owner(t))
	for values, want := range map[string]string{
		`"a_text":"六个汉字太长"`:    "input.too_long a_text",
		`"a_number":"100.51"`:  "input.above_maximum a_number",
		`"a_number":"-1"`:      "input.below_minimum a_number",
		`"a_number":"1e3"`:     "attribute.number a_number",
		`"a_date":"2026-2-28"`: "input.format a_date",
		`"a_choice":"silver"`:  "input.not_in_list a_choice",
		`"a_flag":"yes"`:       "input.not_in_list a_flag",
		`"other":"1"`:          "attribute.unknown other",
	} {
		if values[:10] != `"a_number"` {
			values += `,"a_number":"1"`
		}
		status, doc := state(1, values)
		if status != 422 || fmt.Sprint(doc["code"], " ", doc["field"]) != want {
			if list, ok := doc["errors"].([]any); !ok || status != 422 || len(list) != 1 || fmt.Sprint(list[0].(map[string]any)["code"], " ", list[0].(map[string]any)["field"]) != want {
				t.Errorf("%s: got %d %v, want %s", values, status, doc, want)
			}
		}
	}
	if status, doc := state(1, ``); status != 422 { // a_number is required
		t.Errorf("required: %d %v", status, doc)
	}
	if status, doc := state(0, `"a_number":"1"`); status != 409 || doc["code"] != "attribute.version.conflict" {
		t.Errorf("older version: %d %v", status, doc)
	}
	for what, want := range map[string][2]any{
		"another kind":   {ids["text"], []any{"a_text", "date", `[]`}},
		"another code":   {ids["text"], []any{"b_text", "text", `[]`}},
		"a choice fewer": {ids["choice"], []any{"a_choice", "choice", `[{"code":"tin","nameZh":"锡","nameEn":"Tin"}]`}},
	} {
		a := want[1].([]any)
		if status, doc := define("PUT", want[0].(string), 1, a[0].(string), a[1].(string), false, false, 1, a[2].(string)); status != 422 {
			t.Errorf("%s: %d %v", what, status, doc)
		}
	}
	if status, doc := admin.Call(t, "POST", "/api/attributes", fmt.Sprintf(`{`+body+`}`, "a_text", "text", false, false, 1, `[]`)); status != 422 || doc["code"] != "attribute.code.taken" {
		t.Errorf("a code twice: %d %v", status, doc)
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}

	for query, want := range map[string]float64{"a_choice&value=gold": 1, "a_choice&value=tin": 0, "a_number&value=7.25": 1} {
		if status, doc := manager.Call(t, "GET", "/api/customers?attribute="+query, ""); status != 200 || doc["total"] != want || len(doc["items"].([]any)) != int(want) {
			t.Errorf("list with %s: %d %v", query, status, doc["total"])
		}
	}
	// Who is not asked any more keeps what was stated.
	if status, doc := define("PUT", ids["choice"], 1, "a_choice", "choice", false, true, 1, two); status != 200 || doc["retired"] != true {
		t.Fatalf("retired: %d %v", status, doc)
	}
	if status, doc := state(1, `"a_number":"8"`); status != 200 || fmt.Sprint(doc["values"]) != "map[a_choice:gold a_number:8]" {
		t.Errorf("after it was retired: %d %v", status, doc)
	}
	const trail = `SELECT string_agg(action || ' ' || coalesce(before::text, '-') || ' ' || after::text, ', ' ORDER BY id) FROM audit.line WHERE object_kind = 'attributes' AND before <> '{}'`
	want := `customer.attributes {"a_date": "2026-02-28", "a_flag": "true", "a_text": "专线", "a_number": "7.25"} {"a_number": "8"}`
	if got := customertest.Value[string](t, x.Database.Owner(t), trail); got != want {
		t.Errorf("trail %s\nwant  %s", got, want)
	}
}
