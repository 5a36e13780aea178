package province_test

import (
	"fmt"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/province/contact"
	"jike/province/customer/customertest"
)

// TestASiteOpensClosesAndIsAudited goes the way of the portal: a planned site opens and is closed, whoever
// edits an older version gets the newest, and what is refused changes nothing.
func TestASiteOpensClosesAndIsAudited(t *testing.T) {
	x := newSite(t)
	b := x.as(t, "manager")
	own, other := x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID)), x.Add(t, customertest.Facts("鹭岛", x.ManagerUnit.ID))
	of := func(id int64, name string) int64 {
		c, err := x.all.Contacts.Add(t.Context(), x.Everybody, id, contact.Facts{Role: contact.Technical, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	keeper, stranger := of(own.ID, "张某"), of(other.ID, "李某")
	stated := func(contactID int64, opened, closed string) string {
		return fmt.Sprintf(`"name":" 机房 ","kind":"data_room","city":"330100","district":"西湖区","street":"望海大道6号","contactId":%d,"openedOn":%q,"closedOn":%q`, contactID, opened, closed)
	}
	path := fmt.Sprintf("/api/customers/%d/sites", own.ID)
	status, doc := b.Call(t, "POST", path, `{`+stated(keeper, "", "")+`}`)
	if status != 201 || doc["status"] != "planned" || doc["name"] != "机房" || doc["cityName"] != "杭州市" || doc["contactName"] != "张某" {
		t.Fatalf("%d %v", status, doc)
	}
	one := fmt.Sprintf("/api/sites/%.0f", doc["id"])
	if status, doc = b.Call(t, "PUT", one, `{"version":1,`+stated(keeper, "2026-01-01", "")+`}`); status != 200 || doc["status"] != "open" {
		t.Fatalf("opened: %d %v", status, doc)
	}
	before := pgtest.Digest(t, x.Database.Owner(t))
	for body, want := range map[string]string{
		`{"version":1,` + stated(keeper, "2026-01-01", "2026-02-01") + `}`: "409 site.version.conflict",
		`{"version":2,` + stated(stranger, "2026-01-01", "") + `}`:         "422 site.contact.unknown",
		`{"version":2,` + stated(keeper, "2026-01-01", "2025-12-31") + `}`: "422 site.closes_before_opening",
		`{"version":2,` + stated(keeper, "", "2025-12-31") + `}`:           "422 site.closes_before_opening",
	} {
		if status, doc := b.Call(t, "PUT", one, body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: got %d %v", want, status, doc)
		}
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
	if status, doc = b.Call(t, "PUT", one, `{"version":2,`+stated(keeper, "2026-01-01", "2026-02-01")+`}`); status != 200 || doc["status"] != "closed" {
		t.Fatalf("closed: %d %v", status, doc)
	}
	if status, doc = b.Call(t, "GET", path+"?size=1", ""); status != 200 || doc["total"] != 1.0 {
		t.Errorf("list: %d %v", status, doc)
	}
	const trail = `SELECT string_agg(action || ' ' || coalesce(before ->> 'closedOn', '-') || ' ' || coalesce(after ->> 'closedOn', '-'), ', ' ORDER BY id)
		FROM audit.line WHERE object_kind = 'site'`
	if got, want := customertest.Value[string](t, x.Database.Owner(t), trail), "site.create - , site.change - -, site.change  2026-02-01"; got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	// Who is asked there may leave; the site stays.
	if status, doc := b.Call(t, "DELETE", fmt.Sprintf("/api/contacts/%d?version=1", keeper), ""); status != 204 {
		t.Fatalf("contact removed: %d %v", status, doc)
	}
	if status, doc = b.Call(t, "GET", path, ""); doc["items"].([]any)[0].(map[string]any)["contactName"] != "" {
		t.Errorf("after the contact left: %d %v", status, doc)
	}
}
