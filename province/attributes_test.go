package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/province/attribute"
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

// TestCustomAttributesGoThroughFilesBothWays imports values of every kind as people write them, tells what is wrong of
// which line, exports them so that an import reads them again, shows them in the list, and takes the import back.
func TestCustomAttributesGoThroughFilesBothWays(t *testing.T) {
	x := newSite(t)
	define := func(f attribute.Facts) attribute.Definition {
		d, err := x.all.Attributes.Add(t.Context(), x.Everybody, f)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	define(attribute.Facts{Code: "lines", NameZh: "专线条数", NameEn: "Lines", Kind: attribute.Number, Least: "1", Most: "5000", Position: 1})
	define(attribute.Facts{Code: "renewal", NameZh: "续约日", NameEn: "Renewal", Kind: attribute.Date, Position: 2})
	access := define(attribute.Facts{Code: "access", NameZh: "接入方式", NameEn: "Access", Kind: attribute.Choice, Choices: []attribute.Option{{Code: "fibre", NameZh: "光纤", NameEn: "Fibre"}}, Position: 3})
	define(attribute.Facts{Code: "backup", NameZh: "备用线路", NameEn: "Backup", Kind: attribute.Flag, Required: true, Position: 4})
	define(attribute.Facts{Code: "note", NameZh: "机房说明", NameEn: "Rack", Kind: attribute.Text, Longest: 4, Position: 5})

	there := customertest.Facts("福州榕城电力有限公司", x.ManagerUnit.ID)
	there.CreditCode = customertest.CreditCode(t, 1)
	old := x.Add(t, there)
	if _, err := x.all.Attributes.State(t.Context(), x.Everybody, old.ID, 0, map[string]string{"backup": "false", "note": "旧"}); err != nil {
		t.Fatal(err)
	}
	code := func(n int) string { return string(customertest.CreditCode(t, n)) }
	text := "客户名称,统一社会信用代码,行业,地市,专线条数,续约日,接入方式,备用线路,RACK\n" +
		"福州榕城电力有限公司," + code(1) + ",44,福州,\"1,200.50\",2026/3/1,光纤,,\n" +
		"福州闽江软件有限公司," + code(2) + ",65,福州,1,46081,fibre,是,一层\n" +
		"福州乌山商贸有限公司," + code(3) + ",65,福州,0,,,是,\n" +
		"福州西湖餐饮有限公司," + code(4) + ",65,福州,,明天,,是,\n" +
		"福州于山物流有限公司," + code(5) + ",65,福州,,,卫星,是,\n" +
		"福州鼓山建设有限公司," + code(6) + ",65,福州,,,,也许,\n" +
		"福州屏山贸易有限公司," + code(7) + ",65,福州,9,,,,\n" + // backup is required
		"福州螺洲服饰有限公司," + code(8) + ",65,福州,,,,是,五个汉字长\n" +
		"福州台江食品有限公司," + code(9) + ",65,福州,,,,,\n"
	id := x.upload(t, "manager", text)["id"]
	_, whole := x.as(t, "manager").Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	if got := fmt.Sprint(whole["guess"]); got != "[name creditCode industry city attribute.lines attribute.renewal attribute.access attribute.backup attribute.note]" {
		t.Fatalf("guessed %s", got)
	}
	x.setImport(t, "manager", id, "creditCode", "both")
	before := pgtest.Digest(t, x.Database.Owner(t))["crm.customer_attributes"]
	const counts = "map[changed:1 created:2 refused:6]"
	if got := x.importStep(t, "manager", id, "try"); got != counts {
		t.Fatalf("tried: %s\n%s", got, x.importResult(t, "manager", id, "try", ""))
	}
	if after := pgtest.Digest(t, x.Database.Owner(t))["crm.customer_attributes"]; after != before {
		t.Error("the dry run wrote")
	}
	if got := x.importStep(t, "manager", id, "run"); got != counts {
		t.Fatalf("run: %s", got)
	}
	for line, want := range []string{
		"行", "1,修改,,", "2,新建,,", "3,未处理,小于允许的最小值 (专线条数),", "4,未处理,格式不正确 (续约日),", "5,未处理,不是可选的值 (接入方式),",
		"6,未处理,不是可选的值 (备用线路),", "7,未处理,必填项没有填写 (备用线路),", "8,未处理,文字过长 (RACK),", "9,新建,,",
	} {
		if got := strings.Split(x.importResult(t, "manager", id, "run", ""), "\n")[line]; !strings.HasPrefix(got, want) {
			t.Errorf("line %d: %s, want %s", line, got, want)
		}
	}
	const all = `SELECT coalesce(string_agg(c.name || ' ' || a.stated || ' ' || a.version, '; ' ORDER BY c.id), '') FROM crm.customer_attributes a JOIN crm.customer c ON c.id = a.customer_id`
	const stated = `福州榕城电力有限公司 {"note": "旧", "lines": "1200.5", "access": "fibre", "backup": "false", "renewal": "2026-03-01"} 2; ` +
		`福州闽江软件有限公司 {"note": "一层", "lines": "1", "access": "fibre", "backup": "true", "renewal": "2026-02-28"} 1`
	if got := customertest.Value[string](t, x.DB, all); got != stated {
		t.Errorf("stated %s\nwant   %s", got, stated)
	}

	_, list := x.as(t, "head-a").Call(t, "GET", "/api/customers?attributes=lines,access&sort=id", "")
	rows := list["items"].([]any)
	if got := fmt.Sprint(rows[0].(map[string]any)["attributes"], rows[2].(map[string]any)["attributes"]); got != "map[access:fibre lines:1200.5] <nil>" {
		t.Errorf("the list shows %s", got)
	}
	if status, doc := x.as(t, "head-a").Call(t, "POST", "/api/exports?attributes=none", ""); status != 422 || doc["code"] != "attribute.unknown" {
		t.Errorf("an attribute that is none: %d %v", status, doc)
	}
	_, _, content := x.exported(t, "head-a", "format=csv&attributes=lines,renewal,access,backup,note")
	lines := strings.Split(strings.TrimPrefix(string(content), "\ufeff"), "\n")
	for line, want := range []string{",更新时间,专线条数,续约日,接入方式,备用线路,机房说明,导出标记", ",1200.5,2026-03-01,光纤,否,旧,", ",1,2026-02-28,光纤,是,一层,", ",,,,,,head-a "} {
		if !strings.Contains(lines[line], want) {
			t.Errorf("exported %s, want %s", lines[line], want)
		}
	}
	again := x.upload(t, "manager", string(content))["id"]
	x.setImport(t, "manager", again, "number", "change")
	if got := x.importStep(t, "manager", again, "try"); got != "map[same:3]" {
		t.Errorf("what was exported, imported: %s\n%s", got, x.importResult(t, "manager", again, "try", ""))
	}

	// What is retired since a person said what the columns mean is refused, not passed over.
	retired := access.Facts
	retired.Retired = true
	if _, err := x.all.Attributes.Change(t.Context(), x.Everybody, access.ID, access.Version, retired); err != nil {
		t.Fatal(err)
	}
	if got := x.importStep(t, "manager", again, "run"); got != "map[refused:2 same:1]" {
		t.Errorf("with a retired one: %s", got)
	}

	if got := x.importStep(t, "manager", id, "revert"); got != "map[restored:1 withdrawn:2]" {
		t.Errorf("taken back: %s", got)
	}
	if got := customertest.Value[string](t, x.DB, all); got != `福州榕城电力有限公司 {"note": "旧", "backup": "false"} 3` {
		t.Errorf("after it was taken back: %s", got)
	}
}

// TestAnImportOfAttributesIsNotTakenBackOverWhatWasStatedSince leaves alone what somebody stated after the import.
func TestAnImportOfAttributesIsNotTakenBackOverWhatWasStatedSince(t *testing.T) {
	x := newSite(t)
	if _, err := x.all.Attributes.Add(t.Context(), x.Everybody, attribute.Facts{Code: "lines", NameZh: "专线条数", NameEn: "Lines", Kind: attribute.Number}); err != nil {
		t.Fatal(err)
	}
	c := x.Add(t, customertest.Facts("福州榕城电力有限公司", x.ManagerUnit.ID))
	run := func(value string) any {
		id := x.upload(t, "manager", "集团编号,专线条数\n"+c.Number+","+value+"\n")["id"]
		x.setImport(t, "manager", id, "number", "change")
		x.importStep(t, "manager", id, "try")
		x.importStep(t, "manager", id, "run")
		return id
	}
	first, second := run("1"), run("2")
	if got := x.importStep(t, "manager", first, "revert"); got != "map[refused:1]" {
		t.Errorf("the first, over the second: %s", got)
	}
	if got := x.importStep(t, "manager", second, "revert"); got != "map[restored:1]" {
		t.Errorf("the second: %s", got)
	}
	if got := x.importStep(t, "manager", first, "revert"); got != "map[restored:1]" {
		t.Errorf("the first, after the second: %s", got)
	}
	if got := customertest.Value[string](t, x.DB, `SELECT concat_ws(chr(32), stated, version) FROM crm.customer_attributes`); got != "{} 4" {
		t.Errorf("left: %s", got)
	}
}
