package province_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// explainsWhatItShows asks for every role and every object of the rights table whether and why it is shown: an
// explanation is given of what is shown and of nothing else, and it names a rule of reach, and one of sight
// if the customer is sensitive.
func (x *site) explainsWhatItShows(t *testing.T, ids map[string]int64) {
	t.Helper()
	reach := map[string]string{"manager": "own", "head-a": "unit", "administrator": "province"}
	for _, caller := range provincial {
		sees := sees[caller]
		if caller == "head-a" { // who is named for one of the two that the flag hides
			if err := x.Customers.Name(t.Context(), x.Everybody, ids["colleague's sensitive"], x.accountID(t, caller), time.Now().AddDate(0, 0, 3), "重保专项"); err != nil {
				t.Fatal(err)
			}
			sees = append(slices.Clone(sees), "colleague's sensitive")
		}
		for object, id := range ids {
			shown, _ := x.as(t, caller).Call(t, "GET", fmt.Sprintf("/api/customers/%d", id), "")
			status, doc := x.as(t, caller).Call(t, "GET", fmt.Sprintf("/api/customers/%d/access", id), "")
			if status != shown || (status == 200) != slices.Contains(sees, object) {
				t.Errorf("%s and %s: shown %d, explained %d", caller, object, shown, status)
			}
			if status != 200 {
				continue
			}
			want := fmt.Sprintf("[%s] false []", reach[caller])
			if strings.HasSuffix(object, " sensitive") {
				want = fmt.Sprintf("[%s] true [%s]", reach[caller], map[string]string{"manager": "own", "head-a": "named", "administrator": "marks"}[caller])
			}
			if got := fmt.Sprint(doc["reach"], " ", doc["sensitive"], " ", doc["sight"]); got != want {
				t.Errorf("%s sees %s because of %s, want %s", caller, object, got, want)
			}
			if caller == "head-a" && (doc["unit"] != "集客一部" || doc["unitKind"] != "department" || doc["manager"] == "") {
				t.Errorf("%s: %v", object, doc)
			}
			if object == "colleague's sensitive" && caller == "head-a" && (doc["until"] == "" || doc["namedBy"] == "" || doc["reason"] != "重保专项") {
				t.Errorf("named: %v", doc)
			}
		}
	}
	x.tellsRights(t)
}

// tellsRights asks what accounts may do: what their role grants, no more of one that is closed, and for which sensitive
// customers they are named.
func (x *site) tellsRights(t *testing.T) {
	t.Helper()
	administrator, head := x.as(t, "administrator"), x.accountID(t, "head-a")
	path := fmt.Sprintf("/api/accounts/%d/", head)
	status, doc := administrator.Call(t, "GET", path+"rights", "")
	if _, session := x.as(t, "head-a").Call(t, "GET", "/api/session", ""); status != 200 || doc["scope"] != "department" ||
		doc["unitId"] != session["unitId"] || fmt.Sprint(doc["permissions"]) != fmt.Sprint(session["permissions"]) {
		t.Errorf("rights %d %v, session %v", status, doc, session)
	}
	if status, doc := administrator.Call(t, "GET", path+"sensitive-customers", ""); status != 200 || len(doc["items"].([]any)) != 1 {
		t.Errorf("named for: %d %v", status, doc)
	}
	const set = `UPDATE account.account SET active = $2 WHERE id = $1`
	if _, err := x.Database.Owner(t).Exec(t.Context(), set, head, false); err != nil {
		t.Fatal(err)
	}
	if status, doc := administrator.Call(t, "GET", path+"rights", ""); status != 200 || doc["scope"] != "nothing" || len(doc["permissions"].([]any)) != 0 {
		t.Errorf("closed: %d %v", status, doc)
	}
	if _, err := x.Database.Owner(t).Exec(t.Context(), set, head, true); err != nil {
		t.Fatal(err)
	}
}
