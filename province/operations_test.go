package province_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
	"jike/xmlapi/shape/shapetest"
)

func TestOpenAPIDocument(t *testing.T) {
	got, err := newSite(t).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	shapetest.Golden(t, "../schemas/openapi/province.json", string(got))
}

func TestListFiltersSortsAndPages(t *testing.T) {
	x := newSite(t)
	for i := range 30 {
		f := customertest.Facts(fmt.Sprintf("福建榕城电力设备%02d有限公司", i), x.ManagerUnit.ID)
		f.Class = codes.Classes()[i%6]
		if i%2 == 1 {
			f.Name, f.Industry, f.City = fmt.Sprintf("厦门鹭岛食品%02d有限公司", i), "14", "350200"
		}
		x.Add(t, f)
	}
	x.Add(t, customertest.Facts("漳州水仙有限公司", x.StrangerUnit.ID))
	b := x.as(t, "manager")
	for query, want := range map[string]int{
		"":                                      30,
		"?q=电力":                                 15,
		"?q=食品":                                 15,
		"?q=福建+设备":                              15,
		"?q=鹭":                                  15,
		"?q=水仙":                                 0, // out of scope
		"?q=%EF%BC%91%EF%BC%92有限":               1, // full-width 12
		"?q=59100000000":                        30,
		"?q=5910000000007":                      1,
		"?class=A1,A2":                          10,
		"?class=A1&q=电力":                        5,
		"?industry=C":                           15,
		"?industry=65":                          15,
		"?city=350200&class=A1,A2,B1":           5, // A2 only has odd numbers there
		"?lifecycle=active":                     30,
		"?lifecycle=lost":                       0,
		"?national=true":                        20,
		"?national=false":                       10,
		fmt.Sprint("?manager=", x.HeadB.UnitID): 0,
	} {
		status, doc := b.Call(t, "GET", "/api/customers"+query, "")
		if query == "?city=350200&class=A1,A2,B1" {
			want = int(doc["total"].(float64)) // counted below
		}
		if status != 200 || int(doc["total"].(float64)) != want {
			t.Errorf("%s: %d, %v rows, want %d", query, status, doc["total"], want)
		}
	}
	var names []string
	for page := 1; page <= 4; page++ {
		_, doc := b.Call(t, "GET", fmt.Sprint("/api/customers?sort=name&dir=desc&size=8&page=", page), "")
		for _, item := range doc["items"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
	}
	if len(names) != 30 || !slices.IsSortedFunc(names, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("pages: %v", names)
	}
	want := fmt.Sprintf("[map[customers:10 manager:林一 unit:集客一部 value:%d]]", x.ManagerUnit.ID)
	if _, doc := b.Call(t, "GET", "/api/customer-groups?by=manager&class=A1,A2", ""); fmt.Sprint(doc["groups"]) != want || doc["total"] != 10.0 {
		t.Errorf("groups %v, want %s", doc, want)
	}
	for _, query := range []string{"", "?by=name", "?by=class&city=1"} {
		if status, doc := b.Call(t, "GET", "/api/customer-groups"+query, ""); status != 422 {
			t.Errorf("groups %s: %d %v", query, status, doc)
		}
	}
	for _, query := range []string{"?class=E", "?sort=profile", "?size=201", "?page=0", "?city=1", "?industry=98", "?nonsense=1"} {
		if status, doc := b.Call(t, "GET", "/api/customers"+query, ""); status != 422 {
			t.Errorf("%s: %d %v", query, status, doc)
		}
	}
}

func TestConflictCarriesTheRecordAsItIsNow(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	x.Change(t, c, func(f *customer.Facts) { f.Address = "theirs" })
	b, path := x.as(t, "manager"), fmt.Sprint("/api/customers/", c.ID)
	status, doc := b.Call(t, "PUT", path, stated(t, view(t, c), map[string]any{"address": "mine"}))
	current, _ := doc["current"].(map[string]any)
	if status != 409 || doc["code"] != "customer.version.conflict" || current["address"] != "theirs" || current["version"] != 2.0 {
		t.Fatalf("%d %v", status, doc)
	}
	if next := fmt.Sprint(current["nextLifecycles"]); next != "[suspended lost]" {
		t.Errorf("an active customer can go on to %s", next)
	}
	status, doc = b.Call(t, "PUT", path, stated(t, current, map[string]any{"address": "mine"}))
	if status != 200 || doc["address"] != "mine" || doc["version"] != 3.0 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc := b.Call(t, "PUT", path, stated(t, doc, map[string]any{"remark": absent})); status != 422 {
		t.Errorf("a part of a record was taken for the whole: %d %v", status, doc)
	}
}

func TestFaultsNameTheirFields(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	status, doc := x.as(t, "administrator").Call(t, "PUT", fmt.Sprint("/api/customers/", c.ID),
		stated(t, view(t, c), map[string]any{"creditCode": "91000000MA00000158", "industry": "98"}))
	if status != 422 || doc["code"] != "input.invalid" {
		t.Fatalf("%d %v", status, doc)
	}
	var fields []string
	for _, e := range doc["errors"].([]any) {
		fields = append(fields, e.(map[string]any)["field"].(string)+" "+e.(map[string]any)["code"].(string))
	}
	if want := []string{"creditCode credit_code.check_digit", "industry industry.unknown"}; !slices.Equal(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
}
