package province_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jike/province/customer/customertest"
)

// bulk asks for a change of many customers, or for its preview.
func (x *site) bulk(t *testing.T, login, path string, choice any, edit map[string]any) (int, map[string]any) {
	t.Helper()
	body := map[string]any{"customers": []int64{}}
	switch c := choice.(type) {
	case []int64:
		body["customers"] = c
	case map[string]any:
		body["filter"] = c
	}
	for k, v := range edit {
		body[k] = v
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return x.as(t, login).Call(t, "POST", "/api/bulk-changes"+path, string(text))
}

// bulked changes customers, lets the job come to its end and gives its counts and its result.
func (x *site) bulked(t *testing.T, login string, choice any, edit map[string]any) (counts, result string) {
	t.Helper()
	status, made := x.bulk(t, login, "", choice, edit)
	if status != 202 {
		t.Fatalf("%v: %d %v", edit, status, made)
	}
	return x.jobEnded(t, login, made["id"])
}

func TestManyCustomersAreChangedOnceEachThoughTheNodeDies(t *testing.T) {
	x := newSite(t)
	customers := x.crowd(t, x.ManagerUnit.ID, 1100)
	x.crowd(t, x.StrangerUnit.ID, 3)
	choice := map[string]any{"class": []string{"D"}}
	action := map[string]any{"field": "class", "value": "C", "reason": " 收入增长 "}
	status, seen := x.bulk(t, "head-a", "/preview", choice, action)
	if want := "[map[customers:1100 value:D]]"; status != 200 || seen["customers"] != 1100.0 || seen["changed"] != 1100.0 || fmt.Sprint(seen["values"]) != want {
		t.Fatalf("%d %v", status, seen)
	}
	action["expected"] = 1100
	status, made := x.bulk(t, "head-a", "", choice, action)
	if status != 202 || made["kind"] != "customer.bulk" {
		t.Fatalf("%d %v", status, made)
	}
	// What is elsewhere, hidden or merged when its turn comes is refused; what is so already stays.
	for i, set := range []string{"manager_id = " + fmt.Sprint(x.StrangerUnit.ID), "sensitive = true", fmt.Sprint("merged_into = ", customers[0]), "class = 'C'"} {
		if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET `+set+` WHERE id = $1`, customers[10+i]); err != nil {
			t.Fatal(err)
		}
	}
	x.dieAtLine(t, 700)
	counts, result := x.jobEnded(t, "head-a", made["id"])
	if counts != "map[changed:1096 refused:3 same:1]" {
		t.Errorf("%s", counts)
	}
	number := fmt.Sprintf("T%d-12,", x.ManagerUnit.ID)
	if lines := strings.Split(strings.TrimSpace(result), "\n"); len(lines) != 1101 || !strings.Contains(lines[0], "结果,原因,集团编号,集团名称") ||
		!strings.Contains(lines[12], "未处理,客户不存在或不在您的范围内,"+number) || !strings.Contains(lines[13], "客户已并入另一客户") {
		t.Errorf("%d lines, %q", len(lines), lines[:15])
	}
	const once = `SELECT concat_ws(' ', count(*), count(DISTINCT customer_id), count(*) FILTER (WHERE actor = 'head-a' AND reason = '收入增长'),
			(SELECT count(*) FROM crm.customer WHERE class = 'C' AND version = 2),
			(SELECT count(*) FROM audit.line WHERE action = 'customer.change' AND actor = 'head-a'))
		FROM crm.class_history WHERE class_from = 'D' AND class_to = 'C'`
	if got := customertest.Value[string](t, x.DB, once); got != "1096 1096 1096 1096 1096" {
		t.Errorf("history, customers in it, with the reason; changed customers, trail: %s", got)
	}
}

// dieAtLine lets a job go on until the server ends the connection in the batch with the line, after its writes.
func (x *site) dieAtLine(t *testing.T, number int) {
	t.Helper()
	owner := x.Database.Owner(t)
	if _, err := owner.Exec(t.Context(), fmt.Sprintf(`CREATE FUNCTION crm.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
			BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$;
		CREATE TRIGGER die BEFORE UPDATE ON crm.job_line FOR EACH ROW WHEN (new.number = %d) EXECUTE FUNCTION crm.die()`, number)); err != nil {
		t.Fatal(err)
	}
	callers, died := x.callers(t), false
	for !died {
		worked, err := x.all.Jobs.Advance(t.Context(), callers)
		if died = err != nil; !worked && !died {
			t.Fatal("the job ended")
		}
	}
	if _, err := owner.Exec(t.Context(), `DROP TRIGGER die ON crm.job_line; UPDATE crm.job SET retry_at = now()`); err != nil {
		t.Fatal(err)
	}
}

// jobEnded lets a job come to its end and gives its counts and its result.
func (x *site) jobEnded(t *testing.T, login string, id any) (counts, result string) {
	t.Helper()
	x.work(t)
	_, done := x.jobNow(t, login, id)
	_, _, content := x.as(t, login).Raw(t, "GET", fmt.Sprint("/api/jobs/", id, "/result"), "")
	return fmt.Sprint(done["counts"]), string(content)
}

func TestWhatIsChangedOfManyCustomersObeysTheRulesOfOne(t *testing.T) {
	x := newSite(t)
	mine, strange := x.crowd(t, x.ManagerUnit.ID, 4), x.crowd(t, x.StrangerUnit.ID, 1)
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.customer SET lifecycle = 'lost' WHERE id = $1`, mine[0]); err != nil {
		t.Fatal(err)
	}
	if status, doc := x.as(t, "administrator").Call(t, "POST", "/api/attributes", definition("level")); status != 201 {
		t.Fatalf("%d %v", status, doc)
	}
	for _, c := range []struct {
		login     string
		customers []int64
		edit      map[string]any
		status    int
		code      string
	}{
		{"manager", mine, map[string]any{"field": "class", "value": "C", "reason": "增长"}, 403, "permission.missing"},
		{"head-a", mine, map[string]any{"field": "sensitive", "value": "true"}, 403, "permission.missing"},
		{"head-a", mine, map[string]any{"field": "class", "value": "C"}, 422, "input.required"},
		{"head-a", mine, map[string]any{"field": "class", "value": "E", "reason": "增长"}, 422, "class.unknown"},
		{"head-a", mine, map[string]any{"field": "lifecycle", "value": "gone"}, 422, "lifecycle.unknown"},
		{"administrator", mine, map[string]any{"field": "sensitive", "value": "yes"}, 422, "input.not_in_list"},
		{"head-a", mine, map[string]any{"field": "attribute", "attribute": "none", "value": "1"}, 422, "attribute.unknown"},
		{"head-a", strange, map[string]any{"field": "lifecycle", "value": "lost"}, 422, "choice.none"},
		{"head-a", mine, map[string]any{"field": "lifecycle", "value": "lost", "expected": 3}, 409, "choice.changed"},
	} {
		if c.edit["expected"] == nil {
			c.edit["expected"] = len(c.customers)
		}
		status, doc := x.bulk(t, c.login, "", c.customers, c.edit)
		if status != c.status || !strings.Contains(fmt.Sprint(doc), c.code) {
			t.Errorf("%s %v: %d %v", c.login, c.edit, status, doc)
		}
	}
	suspend := map[string]any{"field": "lifecycle", "value": "suspended", "expected": 4}
	if _, seen := x.bulk(t, "manager", "/preview", mine, map[string]any{"field": "lifecycle", "value": "suspended"}); seen["changed"] != 3.0 || seen["refused"] != 1.0 {
		t.Errorf("%v", seen)
	}
	counts, result := x.bulked(t, "manager", mine, suspend)
	if counts != "map[changed:3 refused:1]" || !strings.Contains(result, "1,未处理,生命周期不能这样变化 (生命周期),") {
		t.Errorf("%s\n%s", counts, result)
	}
	state := map[string]any{"field": "attribute", "attribute": "level", "value": " true ", "expected": 4}
	if counts, _ := x.bulked(t, "manager", mine, state); counts != "map[changed:4]" {
		t.Error(counts)
	}
	if counts, _ := x.bulked(t, "manager", mine[:2], map[string]any{"field": "attribute", "attribute": "level", "value": "", "expected": 2}); counts != "map[changed:2]" {
		t.Error(counts)
	}
	_, seen := x.bulk(t, "manager", "/preview", mine, map[string]any{"field": "attribute", "attribute": "level", "value": "true"})
	if seen["same"] != 2.0 || seen["changed"] != 2.0 {
		t.Errorf("%v", seen)
	}
	if counts, _ := x.bulked(t, "administrator", mine[1:], map[string]any{"field": "sensitive", "value": "true", "expected": 3}); counts != "map[changed:3]" {
		t.Error(counts)
	}
	if counts, _ := x.bulked(t, "administrator", mine[1:], map[string]any{"field": "sensitive", "value": "true", "expected": 3}); counts != "map[same:3]" {
		t.Error(counts)
	}
}
