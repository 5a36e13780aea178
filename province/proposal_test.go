package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/province/customer/customertest"
)

// TestAllProposalsOfAFilterAreDecidedOnceEachThoughTheNodeDies confirms some hundred proposals by a job, in which the
// database ends the connection, and declines the rest by another.
func TestAllProposalsOfAFilterAreDecidedOnceEachThoughTheNodeDies(t *testing.T) {
	x := newSite(t)
	admin, head := x.as(t, "administrator"), x.as(t, "head-a")
	customers := x.crowd(t, x.ManagerUnit.ID, 620)
	x.crowd(t, x.StrangerUnit.ID, 3)
	const lines = `{"outcome":"C","match":"all","conditions":[{"fact":"class","months":0,"comparison":"oneOf","number":0,"values":["D"]}]}`
	version := drafted(t, admin, "class", lines, ``)
	if got, want := x.judged(t, "class", version, true), "623 judged, 0 held, 0 refused, D>C 623"; got != want {
		t.Fatalf("dry run: %s, want %s", got, want)
	}
	if status, doc := admin.Call(t, "POST", fmt.Sprintf("/api/rules/class/versions/%d/put", version), ""); status != 200 {
		t.Fatalf("put: %d %v", status, doc)
	}
	x.judged(t, "class", version, false)
	const all = "/api/class-proposals/decide-all?from=D&to=C"
	if _, doc := head.Call(t, "GET", "/api/class-proposals/count?from=D&to=C", ""); doc["customers"] != 620.0 {
		t.Fatalf("the head counts %v", doc)
	}
	for body, want := range map[string]string{
		`{"confirm":true,"reason":" ","expected":620}`:   "422 input.required",
		`{"confirm":true,"reason":"核实","expected":623}`:  "409 choice.changed",
		`{"confirm":false,"reason":"核实","expected":621}`: "409 choice.changed",
	} {
		if status, doc := head.Call(t, "POST", all, body); fmt.Sprint(status, " ", doc["code"]) != want {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	if status, doc := head.Call(t, "POST", "/api/class-proposals/decide-all?to=B1", `{"confirm":true,"reason":"核实","expected":0}`); status != 422 || doc["code"] != "rule.proposal.none" {
		t.Errorf("of none: %d %v", status, doc)
	}
	if status, doc := head.Call(t, "GET", "/api/class-proposals/count?to=in", ""); status != 422 || doc["code"] != "input.not_in_list" {
		t.Errorf("of another kind: %d %v", status, doc)
	}
	status, made := head.Call(t, "POST", all, `{"confirm":true,"reason":" 收入已核实 ","expected":620}`)
	if status != 202 || made["kind"] != "proposal.decide" {
		t.Fatalf("%d %v", status, made)
	}
	// What is elsewhere, hidden, merged, of another class, proposed for another or declined when its turn comes is refused.
	for i, change := range []string{
		fmt.Sprint("UPDATE crm.customer SET manager_id = ", x.StrangerUnit.ID, " WHERE id = $1"), "UPDATE crm.customer SET sensitive = true WHERE id = $1",
		fmt.Sprint("UPDATE crm.customer SET merged_into = ", customers[0], " WHERE id = $1"), "UPDATE crm.customer SET class = 'B2' WHERE id = $1",
		"UPDATE crm.proposal SET value_to = 'B1' WHERE customer_id = $1", "UPDATE crm.proposal SET decided_by = 'x', decided_at = now() WHERE customer_id = $1",
		"UPDATE crm.customer SET postcode = '1' WHERE id = $1",
	} {
		if _, err := x.Database.Owner(t).Exec(t.Context(), change, customers[10+i]); err != nil {
			t.Fatal(err)
		}
	}
	x.dieAtLine(t, 560)
	counts, result := x.jobEnded(t, "head-a", made["id"])
	if counts != "map[confirmed:613 refused:7]" {
		t.Error(counts)
	}
	number := fmt.Sprintf("T%d-", x.ManagerUnit.ID)
	if !strings.Contains(result, "11,未处理,该建议已不存在或已变化,"+number+"11,批量公司11,D,C") || !strings.Contains(result, "未处理,邮政编码应为 6 位数字 (邮政编码),"+number+"17,") {
		t.Errorf("%q", strings.Split(result, "\n")[:20])
	}
	const once = `SELECT concat_ws(' ', count(*), count(DISTINCT customer_id), count(*) FILTER (WHERE actor = 'head-a' AND reason = '收入已核实'),
			(SELECT count(*) FROM crm.customer WHERE class = 'C' AND version = 2),
			(SELECT count(*) FROM audit.line WHERE action = 'customer.change' AND actor = 'head-a'), (SELECT count(*) FROM crm.proposal WHERE decided_at IS NULL))
		FROM crm.class_history WHERE class_from = 'D' AND class_to = 'C'`
	if got := customertest.Value[string](t, x.Database.Owner(t), once); got != "613 613 613 613 613 9" {
		t.Errorf("history, customers in it, with the reason; changed customers, trail, open proposals: %s", got)
	}
	status, made = admin.Call(t, "POST", "/api/class-proposals/decide-all?to=C", `{"confirm":false,"reason":"暂不调整","expected":6}`)
	if status != 202 {
		t.Fatalf("%d %v", status, made)
	}
	if counts, _ := x.jobEnded(t, "administrator", made["id"]); counts != "map[declined:6]" {
		t.Error(counts)
	}
	if got, want := x.judged(t, "class", version, false), "622 judged, 7 held, 0 refused, D>C 1"; got != want {
		t.Errorf("next run: %s, want %s", got, want)
	}
}
