package province_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
	"jike/province/customer/customertest"
)

const someone = `"name":"王某","department":"研发部","duty":"经理","shortNumber":%q`

// join makes a line a member, as the manager.
func (x *site) join(t *testing.T, customer int64, phone, short string) (int, map[string]any) {
	t.Helper()
	body := fmt.Sprintf(`{"phone":%q,"joinedOn":"2026-01-01",`+someone+`}`, phone, short)
	return x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/members", customer), body)
}

// members lists a customer's members with a query and gives their phones and the answer.
func (x *site) members(t *testing.T, customer int64, query string) ([]string, map[string]any) {
	t.Helper()
	status, doc := x.as(t, "manager").Call(t, "GET", fmt.Sprintf("/api/customers/%d/members%s", customer, query), "")
	if status != 200 {
		t.Fatalf("%s: %d %v", query, status, doc)
	}
	var phones []string
	for _, item := range doc["items"].([]any) {
		phones = append(phones, item.(map[string]any)["phone"].(string))
	}
	return phones, doc
}

func TestALineIsAMemberOfOneCustomerAtATime(t *testing.T) {
	x := newSite(t)
	a, b := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID, x.Add(t, customertest.Facts("乙公司", x.ManagerUnit.ID)).ID
	status, doc := x.join(t, a, "+86 138 0000 1234", "6001")
	if status != 201 || doc["phone"] != "13800001234" || doc["leftOn"] != "" {
		t.Fatalf("%d %v", status, doc)
	}
	id := doc["id"]
	for _, refused := range []struct {
		customer            int64
		phone, short, field string
		code                string
	}{
		{a, "13800001234", "", "phone", "member.phone.exists"},
		{b, "13800001234", "", "phone", "member.phone.exists"},
		{a, "13800001235", "6001", "shortNumber", "member.short_number.exists"},
		{a, "13800001235", "06", "shortNumber", "member.short_number.format"},
		{a, "1380000", "", "phone", "phone.format"},
	} {
		status, doc := x.join(t, refused.customer, refused.phone, refused.short)
		if !strings.Contains(fmt.Sprint(doc), refused.code) || !strings.Contains(fmt.Sprint(doc), refused.field) {
			t.Errorf("%v: %d %v", refused, status, doc)
		}
	}
	if status, doc := x.join(t, b, "13800001236", "6001"); status != 201 { // another network
		t.Errorf("%d %v", status, doc)
	}

	boss, path := x.as(t, "manager"), fmt.Sprint("/api/members/", id)
	status, doc = boss.Call(t, "PUT", path, `{"version":1,`+fmt.Sprintf(someone, "6002")+`}`)
	if status != 200 || doc["version"] != 2.0 || doc["shortNumber"] != "6002" {
		t.Fatalf("%d %v", status, doc)
	}
	status, doc = boss.Call(t, "PUT", path, `{"version":1,`+fmt.Sprintf(someone, "6003")+`}`)
	if current, _ := doc["current"].(map[string]any); status != 409 || current["shortNumber"] != "6002" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := boss.Call(t, "POST", path+"/leave", `{"version":2,"leftOn":"2025-12-31"}`); status != 422 || !strings.Contains(fmt.Sprint(doc), "leaves_before_joining") {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := boss.Call(t, "POST", path+"/leave", `{"version":2,"leftOn":"2026-03-31"}`); status != 200 || doc["leftOn"] != "2026-03-31" {
		t.Fatalf("%d %v", status, doc)
	}
	for call, body := range map[string]string{"POST /leave": `{"version":3,"leftOn":"2026-04-01"}`, "PUT ": `{"version":3,` + fmt.Sprintf(someone, "6009") + `}`} {
		method, suffix, _ := strings.Cut(call, " ")
		if status, doc := boss.Call(t, method, path+suffix, body); status != 422 || doc["code"] != "member.has_left" {
			t.Errorf("%s: %d %v", call, status, doc)
		}
	}
	if status, doc := x.join(t, b, "13800001234", ""); status != 201 { // free again
		t.Errorf("%d %v", status, doc)
	}
	if left, _ := x.members(t, a, "?state=left"); !slices.Equal(left, []string{"13800001234"}) {
		t.Errorf("left: %v", left)
	}
	actions := customertest.Value[string](t, x.DB, `SELECT string_agg(action, ' ' ORDER BY id) FROM audit.line WHERE customer_id = $1 AND object_kind = 'member'`, a)
	if actions != "member.join member.change member.leave" {
		t.Errorf("trail: %s", actions)
	}
}

func TestMembersAreFoundAndCountedBesideBOSSsNumber(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID
	for i := range 25 {
		if status, doc := x.join(t, c, fmt.Sprintf("139000000%02d", i), fmt.Sprint(600+i)); status != 201 {
			t.Fatalf("%d %v", status, doc)
		}
	}
	x.InTx(t, func(tx pg.Tx) {
		if err := x.all.Members.State(t.Context(), tx, x.BOSS, c, 30); err != nil {
			t.Fatal(err)
		}
	})
	for query, want := range map[string]int{
		"": 25, "?q=139": 25, "?q=1390000001": 10, "?q=607": 1, "?q=%E7%A0%94%E5%8F%91": 25, "?q=none": 0, "?state=left": 0,
	} {
		if _, doc := x.members(t, c, query); doc["total"] != float64(want) || doc["joined"] != 25.0 || doc["stated"] != 30.0 || doc["statedAt"] == nil {
			t.Errorf("%s: %v of %v, %v stated at %v", query, doc["total"], doc["joined"], doc["stated"], doc["statedAt"])
		}
	}
	second, _ := x.members(t, c, "?page=2&size=10")
	if len(second) != 10 || second[0] != "13900000010" {
		t.Errorf("second page: %v", second)
	}
}

// TestALargeProvinceReadsMembersByIndex asks PostgreSQL, with the planner as it is.
func TestALargeProvinceReadsMembersByIndex(t *testing.T) {
	x := newSite(t)
	owner := x.Database.Owner(t)
	large := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID
	for range 40 {
		x.Add(t, customertest.Facts("乙公司", x.ManagerUnit.ID))
	}
	const fill = `INSERT INTO crm.member (customer_id, phone, joined_on)
		SELECT $1 + n % 40, (13800000000 + n)::text, '2026-01-01' FROM generate_series(1, 40000) n`
	if _, err := owner.Exec(t.Context(), fill, large); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), `ANALYZE crm.member`); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		fmt.Sprintf(`SELECT count(*) FROM crm.member WHERE customer_id = %d AND left_on IS NULL`, large),
		fmt.Sprintf(`SELECT * FROM crm.member m WHERE m.customer_id = %d AND m.left_on IS NULL ORDER BY m.phone, m.id LIMIT 20`, large),
		`SELECT * FROM crm.member WHERE phone = '13800000100' AND left_on IS NULL`,
	} {
		rows, err := owner.Query(t.Context(), `EXPLAIN `+query)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}
