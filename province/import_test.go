package province_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// upload sends a file and gives the import.
func (x *site) upload(t *testing.T, login, content string) map[string]any {
	t.Helper()
	status, doc := x.as(t, login).Call(t, "POST", "/api/imports?name=customers.csv", content)
	if status != 201 {
		t.Fatalf("%d %v", status, doc)
	}
	return doc
}

// importStep makes a step of an import and lets its job come to its end; it gives the counts of the job.
func (x *site) importStep(t *testing.T, login string, id any, step string) string {
	t.Helper()
	if status, doc := x.as(t, login).Call(t, "POST", fmt.Sprintf("/api/imports/%v/%s", id, step), ""); status != 202 {
		t.Fatalf("%s: %d %v", step, status, doc)
	}
	x.work(t)
	_, doc := x.as(t, login).Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	j := doc[step].(map[string]any)
	if j["state"] != "done" {
		t.Fatalf("%s: %v", step, j)
	}
	return fmt.Sprint(j["counts"])
}

// setImport states the guessed fields of an import.
func (x *site) setImport(t *testing.T, login string, id any, key, mode string) {
	t.Helper()
	_, doc := x.as(t, login).Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	fields, err := json.Marshal(doc["guess"])
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"fields":%s,"key":%q,"mode":%q,"distinct":false}`, fields, key, mode)
	if status, doc := x.as(t, login).Call(t, "PUT", fmt.Sprintf("/api/imports/%v", id), body); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
}

// importResult is the result file of a step's job, without its mark.
func (x *site) importResult(t *testing.T, login string, id any, step, query string) string {
	t.Helper()
	_, doc := x.as(t, login).Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	_, _, content := x.as(t, login).Raw(t, "GET", fmt.Sprintf("/api/jobs/%v/result%s", doc[step].(map[string]any)["id"], query), "")
	return strings.TrimPrefix(string(content), "\ufeff")
}

func TestAnImportIsTriedRunCorrectedAndTakenBack(t *testing.T) {
	x := newSite(t)
	there := customertest.Facts("福州榕城电力有限公司", x.ManagerUnit.ID)
	there.CreditCode, there.Remark = customertest.CreditCode(t, 1), "老客户"
	old := x.Add(t, there)
	hidden := customertest.Facts("厦门鹭岛食品有限公司", x.StrangerUnit.ID)
	hidden.CreditCode = customertest.CreditCode(t, 2)
	x.Add(t, hidden)
	code := func(n int) string { return string(customertest.CreditCode(t, n)) }
	text := "客户名称,统一社会信用代码,行业,地市,注册资本（万元）,客户等级,本公司代码\n" +
		"福州榕城电力有限公司," + code(1) + ",44,福州,100,,\n" + // changed
		"福州闽江软件有限公司," + code(3) + ",65,福州市,50.5,D,=1\n" +
		"福州榕城电力（集团）," + code(4) + ",44,福州,,,\n" + // near-equal to the first, by name and in the file
		"厦门鹭岛食品," + code(2) + ",14,厦门,,,\n" + // somebody else's
		"福州乌山商贸有限公司," + code(5) + ",51,杭州,,,\n" +
		"福州西湖餐饮有限公司," + code(6) + ",62,福州,,A1,\n" + // may not classify
		"福州于山物流有限公司,91000000MA00000158,54,福州,,,\n" +
		"福州闽江软件," + code(3) + ",65,福州,,,\n" +
		"福州鼓山建设有限公司,,47,福州,,,\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	first := x.upload(t, "manager", gbk)
	id := first["id"]
	if first["encoding"] != "gb18030" || first["total"] != 9.0 {
		t.Fatalf("%v", first)
	}
	_, whole := x.as(t, "manager").Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	if got := fmt.Sprint(whole["guess"]); got != "[name creditCode industry city registeredCapitalWan class ]" || len(whole["lines"].([]any)) != 9 {
		t.Fatalf("guessed %s", got)
	}
	if status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/imports/%v/run", id), ""); status != 422 || doc["code"] != "import.not_set" {
		t.Errorf("%d %v", status, doc)
	}
	x.setImport(t, "manager", id, "creditCode", "both")
	if status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/imports/%v/run", id), ""); status != 422 || doc["code"] != "import.not_tried" {
		t.Errorf("%d %v", status, doc)
	}
	before := customertest.Value[string](t, x.DB, `SELECT md5(string_agg(c::text, ' ' ORDER BY id)) FROM crm.customer c`)
	const counts = "map[changed:1 created:2 refused:6]"
	if got := x.importStep(t, "manager", id, "try"); got != counts {
		t.Fatalf("tried: %s\n%s", got, x.importResult(t, "manager", id, "try", ""))
	}
	if after := customertest.Value[string](t, x.DB, `SELECT md5(string_agg(c::text, ' ' ORDER BY id)) FROM crm.customer c`); after != before {
		t.Error("the dry run wrote")
	}
	tried := x.importResult(t, "manager", id, "try", "")
	if got := x.importStep(t, "manager", id, "run"); got != counts {
		t.Fatalf("run: %s", got)
	}
	result := x.importResult(t, "manager", id, "run", "")
	if result != tried {
		t.Errorf("tried\n%s\nrun\n%s", tried, result)
	}
	for line, want := range []string{
		"行,结果,原因,客户名称,", "1,修改,,", "2,新建,,福州闽江", "3,新建,名称与已有客户相近 (" + old.Number + "),", "4,未处理,统一社会信用代码已被使用 (统一社会信用代码),",
		"5,未处理,城市不在本省 (城市),", "6,未处理,您没有决定这一项的权限 (客户等级),", "7,未处理,统一社会信用代码", "8,未处理,与前面的行重复 (统一社会信用代码),", "9,未处理,没有填写匹配项 (统一社会信用代码),",
	} {
		if got := strings.Split(result, "\n")[line]; !strings.HasPrefix(got, want) {
			t.Errorf("line %d: %s, want %s", line, got, want)
		}
	}
	changed := customertest.Value[string](t, x.DB, `SELECT concat_ws(' ', industry, registered_capital_fen, remark, version) FROM crm.customer WHERE id = $1`, old.ID)
	if changed != "44 100000000 老客户 2" {
		t.Errorf("changed to %s", changed)
	}
	if status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/imports/%v/run", id), ""); status != 422 || doc["code"] != "import.has_run" {
		t.Errorf("%d %v", status, doc)
	}

	// The refused lines are sent again as they came, once corrected; what the columns mean is known.
	refused := x.importResult(t, "manager", id, "run", "?only=refused")
	again := x.upload(t, "manager", strings.NewReplacer("杭州", "福州", ",A1,", ",,", "91000000MA00000158", code(7)).Replace(refused))
	x.setImport(t, "manager", again["id"], "creditCode", "both")
	x.importStep(t, "manager", again["id"], "try")
	if got := x.importStep(t, "manager", again["id"], "run"); got != "map[changed:1 created:3 refused:2]" {
		t.Errorf("sent again: %s\n%s", got, x.importResult(t, "manager", again["id"], "run", ""))
	}

	// One of the created is changed since, another has a contact now.
	byCode := func(n int) int64 {
		return customertest.Value[int64](t, x.DB, `SELECT id FROM crm.customer WHERE credit_code = $1`, code(n))
	}
	touched, err := x.all.Customers.Get(t.Context(), x.Everybody, byCode(5))
	if err != nil {
		t.Fatal(err)
	}
	x.Change(t, touched, func(f *customer.Facts) { f.Address = "新" })
	status, _ := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/members", byCode(6)), `{"phone":"13800000001","joinedOn":"2026-01-01","name":"","department":"","duty":"","shortNumber":""}`)
	if status != 201 {
		t.Fatal(status)
	}
	if got := x.importStep(t, "manager", again["id"], "revert"); got != "map[refused:2 restored:1 withdrawn:1]" {
		t.Errorf("taken back: %s", got)
	}
	if list := x.importResult(t, "manager", again["id"], "revert", "?only=refused"); !strings.Contains(list, "导入之后已被修改") || !strings.Contains(list, "导入之后已有其他资料引用") {
		t.Errorf("%s", list)
	}
	if got := x.importStep(t, "administrator", id, "revert"); got != "map[restored:1 withdrawn:2]" {
		t.Errorf("taken back: %s", got)
	}
	changed = customertest.Value[string](t, x.DB, `SELECT concat_ws(' ', industry, registered_capital_fen, remark, version) FROM crm.customer WHERE id = $1`, old.ID)
	if changed != "65 老客户 3" {
		t.Errorf("restored to %s", changed)
	}
	if left := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.customer`); left != 4 { // two that were there, two that stay
		t.Errorf("%d customers", left)
	}
	if status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/imports/%v/revert", id), ""); status != 422 || doc["code"] != "import.nothing_left" {
		t.Errorf("%d %v", status, doc)
	}
}

// rowsOf tells how many rows each table has of a customer.
func (x *site) rowsOf(t *testing.T, id int64) map[string]int {
	t.Helper()
	rows, err := x.Database.Owner(t).Query(t.Context(), `SELECT table_schema || '.' || table_name FROM information_schema.columns
		WHERE column_name = 'customer_id' AND table_schema IN ('crm', 'audit') AND table_name <> 'customer_import_row'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, table := range tables {
		if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM `+table+` WHERE customer_id = $1`, id); n > 0 {
			counts[table] = n
		}
	}
	return counts
}

// TestABatchSavesAsThePortalDoes saves the same customers one by one and as a batch, and compares what the
// database holds, in every table that has rows of a customer.
func TestABatchSavesAsThePortalDoes(t *testing.T) {
	x := newSite(t)
	capital, people := int64(12345), int32(7)
	facts := func(n int) customer.Facts {
		f := customertest.Facts("福州榕澄机械有限公司（原福州澄江机械厂）", x.ManagerUnit.ID)
		f.CreditCode, f.Class, f.CrossProvince = customertest.CreditCode(t, n), codes.ClassA1, true
		f.RegisteredCapitalFen, f.Headcount, f.Profile, f.Remark = &capital, &people, "简介 \"一\"", "备注\n二"
		f.OrganisationType, f.LicenceType, f.LicenceNumber = "enterprise", "tax", "T1"
		return f
	}
	edit := func(f *customer.Facts) {
		f.Name, f.Class, f.RegisteredCapitalFen, f.CrossProvince, f.Lifecycle = "福州榕澄重工有限公司", codes.ClassD, nil, false, codes.Suspended
	}
	single := x.Add(t, facts(1))
	var batch customer.Saved
	save := func(a customer.Asked) {
		t.Helper()
		x.InTx(t, func(tx pg.Tx) {
			saved, err := x.all.Customers.SaveAll(t.Context(), tx, x.Everybody, []customer.Asked{a}, customer.How{})
			if err != nil || saved[0].Err != nil {
				t.Fatal(err, saved)
			}
			batch = saved[0]
		})
	}
	same := func(what string) {
		t.Helper()
		row := func(id int64) string {
			return customertest.Value[string](t, x.DB, `SELECT (to_jsonb(c) - 'id' - 'number' - 'credit_code' - 'created_at' - 'updated_at')::text FROM crm.customer c WHERE id = $1`, id)
		}
		if a, b := row(single.ID), row(batch.ID); a != b {
			t.Errorf("%s\none by one %s\nbatch      %s", what, a, b)
		}
		trail := func(id int64) string {
			return customertest.Value[string](t, x.DB, `SELECT string_agg(concat_ws(' ', action, before - 'number' - 'creditCode', after - 'number' - 'creditCode'), '; ' ORDER BY id)
				FROM audit.line WHERE customer_id = $1 AND action <> 'customer.distinct'`, id)
		}
		if a, b := trail(single.ID), trail(batch.ID); a != b {
			t.Errorf("%s\none by one %s\nbatch      %s", what, a, b)
		}
		a, b := x.rowsOf(t, single.ID), x.rowsOf(t, batch.ID)
		b["audit.line"] -= customertest.Value[int](t, x.DB, `SELECT count(*) FROM audit.line WHERE customer_id = $1 AND action = 'customer.distinct'`, batch.ID)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: rows of a customer\none by one %v\nbatch      %v", what, a, b)
		}
		for _, query := range []string{
			`SELECT string_agg(concat_ws(' ', name, core, place, former), '; ' ORDER BY name) FROM crm.customer_name WHERE customer_id = $1`,
			`SELECT string_agg(concat_ws(' ', class_from, class_to, actor), '; ' ORDER BY id) FROM crm.class_history WHERE customer_id = $1`,
			`SELECT string_agg(concat_ws(' ', entered, version, clause, reason), '; ' ORDER BY id) FROM crm.selection_flip WHERE customer_id = $1`,
		} {
			if a, b := customertest.Value[string](t, x.DB, query, single.ID), customertest.Value[string](t, x.DB, query, batch.ID); a != b {
				t.Errorf("%s\none by one %s\nbatch      %s", what, a, b)
			}
		}
	}
	save(customer.Asked{Facts: facts(2)})
	same("created")
	if len(batch.Alike) != 1 || batch.Alike[0] != single.Number {
		t.Errorf("near-equal: %v", batch)
	}
	single = x.Change(t, single, edit)
	before, err := x.all.Customers.Get(t.Context(), x.Everybody, batch.ID)
	if err != nil {
		t.Fatal(err)
	}
	after := before.Facts
	edit(&after)
	save(customer.Asked{Before: before, Facts: after})
	same("changed")
	if batch.Version != single.Version || !batch.Changed {
		t.Errorf("%+v", batch)
	}
}

func TestAWorkbookIsImportedWithManagersAndParents(t *testing.T) {
	x := newSite(t)
	parent := x.Add(t, customertest.Facts("福建榕江集团", x.ManagerUnit.ID))
	child := customertest.Facts("福州榕江建材有限公司", x.ManagerUnit.ID)
	child.ParentID = parent.ID
	below := x.Add(t, child)
	foreign := x.Add(t, customertest.Facts("厦门鹭岛食品有限公司", x.StrangerUnit.ID))
	book := excelize.NewFile()
	for n, cells := range [][]any{
		{"集团编号", "客户名称", "行业", "城市", "客户经理", "上级集团", "员工人数", "是否跨省", "状态"},
		{nil, "福州榕江置业有限公司", "房地产业", "福州", "FZ0102", parent.Number, 120, "是", "在网"},
		{nil, "福州榕江物业有限公司", "70", 350100, "陈二", below.Number, nil, "否", nil},
		{nil, "福州榕江食品有限公司", "14", "福州", "XM0101", nil, nil, nil, nil}, // not within the head's scope
		{nil, "福州榕江餐饮有限公司", "62", "福州", "FZ0101", foreign.Number, nil, nil, nil},
		{nil, "福州榕江文化有限公司", "88", "福州", nil, nil, nil, nil, nil},
		{nil, "福建榕江集团", "70", nil, nil, below.Number, nil, nil, nil}, // a circle
		{nil, "福州榕江建材有限公司", nil, nil, "林一", nil, 3, nil, nil},
	} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprint("A", n+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	var content bytes.Buffer
	if err := book.Write(&content); err != nil {
		t.Fatal(err)
	}
	id := x.upload(t, "head-a", content.String())["id"]
	x.setImport(t, "head-a", id, "name", "both")
	const counts = "map[changed:1 created:2 refused:4]"
	if got := x.importStep(t, "head-a", id, "try"); got != counts {
		t.Fatalf("tried: %s\n%s", got, x.importResult(t, "head-a", id, "try", ""))
	}
	if got := x.importStep(t, "head-a", id, "run"); got != counts {
		t.Fatalf("run: %s", got)
	}
	got := customertest.Value[string](t, x.DB, `SELECT string_agg(concat_ws(' ', c.industry, c.city, m.name, p.name, c.headcount, c.cross_province, c.lifecycle), '; ' ORDER BY c.id)
		FROM crm.customer c JOIN crm.organisation m ON m.id = c.manager_id LEFT JOIN crm.customer p ON p.id = c.parent_id WHERE c.name LIKE '%置业%' OR c.name LIKE '%物业%'`)
	if got != "70 350100 陈二 福建榕江集团 120 t active; 70 350100 陈二 福州榕江建材有限公司 f potential" {
		t.Errorf("created %s", got)
	}
	_, doc := x.as(t, "head-a").Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), "")
	_, lines := x.as(t, "head-a").Call(t, "GET", fmt.Sprintf("/api/jobs/%v/lines?outcome=refused", doc["run"].(map[string]any)["id"]), "")
	var reasons []string
	for _, item := range lines["items"].([]any) {
		reasons = append(reasons, item.(map[string]any)["reason"].(string))
	}
	want := []string{"没有这位客户经理，或不在您的范围内 (客户经理)", "没有这个上级集团，或不在您的范围内 (上级集团)", "请填写客户经理 (客户经理)", "上级集团是该客户的下级 (上级集团)"}
	if !slices.Equal(reasons, want) {
		t.Errorf("refused for %q", reasons)
	}
	// The created ones hang together: the last line goes first.
	if got := x.importStep(t, "head-a", id, "revert"); got != "map[restored:1 withdrawn:2]" {
		t.Errorf("taken back: %s", got)
	}
}

func TestAFileThatCannotBeImportedSaysWhy(t *testing.T) {
	x := newSite(t)
	for content, code := range map[string]string{
		"\n,\n": "import.file.no_head", "名称,行业\n": "job.lines.none", "名称\n\xff\xff\n": "import.file.charset", "PK\x03\x04no": "import.file.format",
		strings.Repeat("a,", 101) + "b\nc\n": "import.file.columns",
	} {
		if status, doc := x.as(t, "manager").Call(t, "POST", "/api/imports?name=a.csv", content); status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%.20q: %d %v", content, status, doc)
		}
	}
	id := x.upload(t, "manager", "名称,行业,城市,编号\n甲公司,65,福州,1\n")["id"]
	for body, code := range map[string]string{
		`{"fields":["name"],"key":"name","mode":"both","distinct":false}`:                              "import.fields.count",
		`{"fields":["name","name","city",""],"key":"name","mode":"both","distinct":false}`:             "import.field.twice",
		`{"fields":["name","income","city",""],"key":"name","mode":"both","distinct":false}`:           "import.field.unknown",
		`{"fields":["name","","city",""],"key":"name","mode":"both","distinct":false}`:                 "import.field.needed",
		`{"fields":["name","industry","city",""],"key":"number","mode":"change","distinct":false}`:     "import.key.no_column",
		`{"fields":["name","industry","city","number"],"key":"number","mode":"both","distinct":false}`: "import.number.changes_only",
	} {
		if status, doc := x.as(t, "manager").Call(t, "PUT", fmt.Sprintf("/api/imports/%v", id), body); status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if status, _ := x.as(t, "head-a").Call(t, "GET", fmt.Sprintf("/api/imports/%v", id), ""); status != 404 {
		t.Errorf("another person's import: %d", status)
	}
	if status, _ := x.as(t, "administrator").Call(t, "POST", fmt.Sprintf("/api/imports/%v/try", id), ""); status != 404 {
		t.Errorf("an administrator tries another person's import: %d", status)
	}
}

// TestWhatRefersToACustomerIsFoundByAnIndex holds what taking an import back needs: to remove a customer, the
// database looks into every table that may refer to it, and reads the whole table where no index leads there.
func TestWhatRefersToACustomerIsFoundByAnIndex(t *testing.T) {
	x := newSite(t)
	rows, err := x.Database.Owner(t).Query(t.Context(), `SELECT c.conrelid::regclass::text || '.' || a.attname
		FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.confrelid = 'crm.customer'::regclass AND NOT EXISTS (SELECT FROM pg_index i
			WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
			AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))`)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(bare) > 0 {
		t.Errorf("no index for every row leads to the customer of %v, %v", bare, err)
	}
}
