package national_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jike/internal/account"
)

// What happened to customers is written down as it was, whatever becomes of them; every figure is as
// many as the customers behind it.
func TestNewAndLostCustomers(t *testing.T) {
	s := newSite(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := s.owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	compute := func() {
		t.Helper()
		for range 2 { // the second time there is nothing to write down
			if err := s.stores.Reports.ComputeMovements(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	report := func(query, want string) {
		t.Helper()
		doc := get(t, b, "/api/reports/summary?"+query)
		var got []string
		for _, r := range doc["rows"].([]any) {
			row := r.(map[string]any)
			got = append(got, fmt.Sprint(row["newCustomers"], "/", row["lostCustomers"]))
			if query, ok := strings.CutPrefix(query, "groupBy=month&"); ok { // one row: what is behind it?
				for kind, figure := range map[string]any{"new": row["newCustomers"], "lost": row["lostCustomers"]} {
					behind := get(t, b, "/api/reports/movements?kind="+kind+"&"+query)
					if items := behind["items"].([]any); behind["total"] != figure || float64(len(items)) != figure {
						t.Errorf("%s: %v %s customers, behind it %v, %d rows", query, figure, kind, behind["total"], len(items))
					}
				}
			}
		}
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%s: %s, want %s", query, joined, want)
		}
	}
	// The site's months begin in UTC.
	exec(`UPDATE crm.customer SET created_at = '2026-09-30 23:30Z' WHERE (province, id) IN ((591, 1), (571, 1));
		UPDATE crm.customer SET created_at = '2026-10-01 00:30Z' WHERE (province, id) = (591, 2);
		UPDATE crm.customer SET created_at = '2019-01-01', updated_at = '2026-10-05' WHERE (province, id) = (591, 3)`)
	if err := s.stores.Reports.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	compute()
	report("groupBy=month&from=2026-09&to=2026-09", "2/0")
	report("groupBy=month&from=2026-10&to=2026-10", "1/1")
	report("groupBy=month&from=2026-10&to=2026-10&class=B1&industry=I&city=350100", "1/0")
	report("groupBy=month&from=2026-10&to=2026-10&province=591&industry=C", "0/1")
	report("groupBy=month,province,city,class,industry&from=2026-10&to=2026-10", "0/0 0/0 1/0 0/1 0/0")
	report("groupBy=province&from=2026-09&to=2026-10", "1/0 2/1")
	report("groupBy=month&from=2019-01&to=2019-01", "") // no province reported it

	// One goes up a class, one is taken back by its province, one is lost and comes back at once, one comes back later.
	exec(`UPDATE crm.customer SET class = 'A1' WHERE (province, id) = (591, 2);
		DELETE FROM crm.customer WHERE (province, id) = (571, 1);
		UPDATE crm.customer SET lifecycle = 'lost', updated_at = '2026-10-20' WHERE (province, id) = (591, 1)`)
	compute()
	report("groupBy=month&from=2026-10&to=2026-10", "1/2")
	exec(`UPDATE crm.customer SET lifecycle = 'active', updated_at = '2026-10-21' WHERE (province, id) = (591, 1);
		UPDATE crm.customer SET lifecycle = 'active', updated_at = '2026-11-01' WHERE (province, id) = (591, 3)`)
	compute()
	report("groupBy=month&from=2026-10&to=2026-10", "1/1")
	report("groupBy=month&from=2026-10&to=2026-10&class=B1", "1/0")
	report("groupBy=month&from=2026-09&to=2026-09", "2/0")

	doc := get(t, b, "/api/reports/movements?kind=new&from=2026-09&to=2026-10")
	if got := texts(t, doc["items"], "number"); got != "5910000000002 5910000000001 " {
		t.Errorf("behind it %q", got)
	}
	if gone := doc["items"].([]any)[2].(map[string]any); gone["here"] != false || gone["name"] != "" || gone["province"] != 571.0 {
		t.Errorf("one that was taken back: %v", gone)
	}
	growth := get(t, b, "/api/reports/summary?groupBy=month&from=2026-10&to=2026-10&province=591")["rows"].([]any)[0].(map[string]any)["monthOnMonth"].(map[string]any)
	if growth["newCustomers"] != 0.0 || growth["lostCustomers"] != nil || growth["customers"] != 60000.0 {
		t.Errorf("growth %v", growth)
	}
	for _, query := range []string{"kind=gone&from=2026-10&to=2026-10", "kind=new&from=2026-10&to=2026-09", "kind=new&from=2026-10&to=2026-10&page=0"} {
		if status, doc := b.Call(t, http.MethodGet, "/api/reports/movements?"+query, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", query, status, doc)
		}
	}
}
