package province_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jike/province/customer/customertest"
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
			if err := x.Customers.Name(t.Context(), x.Everybody, ids["colleague's sensitive"], x.accountID(t, caller), today().AddDate(0, 0, 3), "重保专项"); err != nil {
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
	x.tellsOfReach(t, head)
	const set = `UPDATE account.account SET active = $2 WHERE id = $1`
	if _, err := x.Database.Owner(t).Exec(t.Context(), set, head, false); err != nil {
		t.Fatal(err)
	}
	if status, doc := administrator.Call(t, "GET", path+"rights", ""); status != 200 || doc["scope"] != "nothing" || len(doc["permissions"].([]any)) != 0 {
		t.Errorf("closed: %d %v", status, doc)
	}
	if status, doc := administrator.Call(t, "GET", fmt.Sprint("/api/rights?account=", head), ""); status != 200 || len(doc["units"].([]any)) != 0 || doc["exportsAlone"] != nil {
		t.Errorf("what a closed one's come to: %d %v", status, doc)
	}
	if _, err := x.Database.Owner(t).Exec(t.Context(), set, head, true); err != nil {
		t.Fatal(err)
	}
}

// tellsOfReach asks what the rights of accounts come to: everybody of their own, an administrator of the head's, which
// stands in for nobody, is in the team of one customer and is named for another.
func (x *site) tellsOfReach(t *testing.T, head int64) {
	t.Helper()
	served := x.Add(t, customertest.Facts("榕澄", x.StrangerUnit.ID))
	if _, err := x.DB.Exec(t.Context(), enlist, head, []int64{served.ID}); err != nil {
		t.Fatal(err)
	}
	names := func(list any) (out []string) {
		for _, item := range list.([]any) {
			out = append(out, item.(map[string]any)["name"].(string))
		}
		return out
	}
	other := fmt.Sprint("?account=", head)
	for _, ask := range []struct{ login, query, want string }{
		{"administrator", other, "200 [集客一部] 2 0 [workPhone mobile email birthday family hobbies] 10000 [榕澄] 1"},
		{"head-a", "", "200 [集客一部] 2 0 [workPhone mobile email birthday family hobbies] 10000 [榕澄] 1"},
		{"manager", "", "200 [] 1 0 [workPhone mobile email] <nil> [] 0"},
		{"administrator", "", "200 [福建公司 福州分公司 集客一部 集客三部 厦门分公司 集客二部] 4 0 [workPhone mobile email birthday family hobbies] 10000 [] 0"},
	} {
		status, doc := x.as(t, ask.login).Call(t, "GET", "/api/rights"+ask.query, "")
		if status != 200 {
			t.Errorf("%s%s: %d %v", ask.login, ask.query, status, doc)
			continue
		}
		got := fmt.Sprint(status, " ", names(doc["units"]), " ", doc["people"], " ", len(doc["deputyships"].([]any)), " ", doc["maskedOthers"], " ", doc["exportsAlone"], " ", names(doc["teams"]), " ", len(doc["named"].([]any)))
		if got != ask.want {
			t.Errorf("%s%s: %s, want %s", ask.login, ask.query, got, ask.want)
		}
	}
	if status, doc := x.as(t, "manager").Call(t, "GET", "/api/rights"+other, ""); status != 403 || doc["code"] != "permission.missing" {
		t.Errorf("a manager asks about the head: %d %v", status, doc)
	}
}
