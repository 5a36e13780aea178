package province_test

import (
	"fmt"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/province/customer/customertest"
)

// TestAValueScoreKeepsItsHistory rates a customer twice; what is refused changes nothing.
func TestAValueScoreKeepsItsHistory(t *testing.T) {
	x := newSite(t)
	path := fmt.Sprintf("/api/customers/%d/value-scores", x.Add(t, customertest.Facts("榕澄", x.ManagerUnit.ID)).ID)
	b := x.as(t, "head-a")
	for _, body := range []string{`{"score":60,"reason":"收入平稳"}`, `{"score":85,"reason":" 新签专线 "}`} {
		if status, doc := b.Call(t, "POST", path, body); status != 201 {
			t.Fatalf("%s: %d %v", body, status, doc)
		}
	}
	before := pgtest.Digest(t, x.Database.Owner(t))
	for _, body := range []string{`{"score":101,"reason":"高"}`, `{"score":-1,"reason":"低"}`, `{"score":50,"reason":" "}`} {
		if status, doc := b.Call(t, "POST", path, body); status/100 != 4 {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if after := pgtest.Digest(t, x.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
	var got []string
	_, doc := x.as(t, "manager").Call(t, "GET", path, "")
	for _, item := range doc["items"].([]any) {
		s := item.(map[string]any)
		got = append(got, fmt.Sprint(s["score"], " ", s["reason"], " ", s["actor"]))
	}
	if want := "[85 新签专线 head-a 60 收入平稳 head-a]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
