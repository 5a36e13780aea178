package province_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/internal/portal/portaltest"
	"jike/province/customer/customertest"
	"jike/province/job"
)

// callers are the node's accounts, for the worker.
func (x *site) callers(t *testing.T) func(context.Context, int64) (account.Caller, error) {
	t.Helper()
	accounts, err := account.NewStore(x.DB, portaltest.Settings(), x.Organisation.PlaceOf)
	if err != nil {
		t.Fatal(err)
	}
	return accounts.Caller
}

// work makes batches until none is due.
func (x *site) work(t *testing.T) {
	t.Helper()
	for callers := x.callers(t); ; {
		worked, err := x.all.Jobs.Advance(t.Context(), callers)
		if err != nil {
			t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

// importMembers sends a list as the manager and gives the job.
func (x *site) importMembers(t *testing.T, customer int64, text string) map[string]any {
	t.Helper()
	body, err := json.Marshal(map[string]string{"text": text, "day": "2026-02-01"})
	if err != nil {
		t.Fatal(err)
	}
	status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/members/import", customer), string(body))
	if status != 202 || doc["state"] != "queued" {
		t.Fatalf("%d %v", status, doc)
	}
	return doc
}

func (x *site) jobNow(t *testing.T, login string, id any) (int, map[string]any) {
	t.Helper()
	return x.as(t, login).Call(t, "GET", fmt.Sprint("/api/jobs/", id), "")
}

func TestAListOfMembersHasAResultPerLine(t *testing.T) {
	x := newSite(t)
	a, b := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID, x.Add(t, customertest.Facts("乙公司", x.ManagerUnit.ID)).ID
	for _, line := range []struct {
		customer     int64
		phone, short string
	}{{a, "13800000001", "601"}, {a, "13800000002", "602"}, {a, "13800000003", ""}, {b, "13800000009", ""}} {
		if status, doc := x.join(t, line.customer, line.phone, line.short); status != 201 {
			t.Fatalf("%d %v", status, doc)
		}
	}
	started := x.importMembers(t, a, "\ufeff姓名,手机号,短号,动作,日期,本公司工号\n"+
		",138 0000 0001,,退出,2026/03/01,1\n"+ // frees 601
		"李某,13800000002,,,,2\n"+
		",13800000003,,,,3\n"+
		"赵某,13800000004,601,加入,,=4+4\n"+
		",13800000004,,,,5\n"+
		",13800000005,602,,,6\n"+
		",13800000009,,,,7\n"+
		",13800000006,,退出,,8\n"+
		",138,,,,9\n"+
		",13800000007,12345678901,,,10\n"+
		",13800000008,,,soon,11\n"+
		",13800000010,,sell,,12\n\n")
	x.work(t)
	_, done := x.jobNow(t, "manager", started["id"])
	if done["state"] != "done" || fmt.Sprint(done["counts"]) != "map[changed:1 joined:1 left:1 refused:8 same:1]" || done["done"] != 12.0 {
		t.Fatalf("%v", done)
	}
	status, _, content := x.as(t, "manager").Raw(t, "GET", fmt.Sprintf("/api/jobs/%v/result", started["id"]), "")
	want := "\ufeff行,结果,原因,姓名,手机号,短号,动作,日期,本公司工号\n" +
		"1,已退出,,,138 0000 0001,,退出,2026/03/01,1\n" +
		"2,已修改,,李某,13800000002,,,,2\n" +
		"3,无变化,,,13800000003,,,,3\n" +
		"4,已加入,,赵某,13800000004,601,加入,,'=4+4\n" +
		"5,未处理,号码在文件中重复,,13800000004,,,,5\n" +
		"6,未处理,短号已被其他成员使用,,13800000005,602,,,6\n" +
		"7,未处理,号码已是其他集团的成员,,13800000009,,,,7\n" +
		"8,未处理,号码不是本集团成员,,13800000006,,退出,,8\n" +
		"9,未处理,电话号码不正确,,138,,,,9\n" +
		"10,未处理,短号应为 3 至 8 位数字,,13800000007,12345678901,,,10\n" +
		"11,未处理,日期格式应为 YYYY-MM-DD,,13800000008,,,soon,11\n" +
		"12,未处理,动作应为加入或退出,,13800000010,,sell,,12\n"
	if status != 200 || string(content) != want {
		t.Errorf("%d\n%s\nwant\n%s", status, content, want)
	}
	_, _, refused := x.as(t, "manager").Raw(t, "GET", fmt.Sprintf("/api/jobs/%v/result?only=refused", started["id"]), "")
	if strings.Count(string(refused), "\n") != 9 {
		t.Errorf("refused:\n%s", refused)
	}
	// The refused lines are sent again as they came, once corrected.
	again := x.importMembers(t, a, strings.NewReplacer("soon", "2026-02-03", "sell", "").Replace(string(refused)))
	x.work(t)
	if _, done := x.jobNow(t, "manager", again["id"]); fmt.Sprint(done["counts"]) != "map[joined:2 refused:5 same:1]" {
		t.Errorf("sent again: %v", done)
	}
	members := customertest.Value[string](t, x.DB, `SELECT string_agg(concat_ws(' ', phone, nullif(name, ''), nullif(short_number, ''), joined_on, left_on), '; ' ORDER BY phone)
		FROM crm.member WHERE customer_id = $1 AND phone IN ('13800000001', '13800000002', '13800000004', '13800000008')`, a)
	if members != "13800000001 王某 601 2026-01-01 2026-03-01; 13800000002 李某 602 2026-01-01; 13800000004 赵某 601 2026-02-01; 13800000008 2026-02-03" {
		t.Errorf("members: %s", members)
	}
	trail := customertest.Value[string](t, x.DB, `SELECT string_agg(action || ' ' || coalesce(customer_id::text, '-'), ', ' ORDER BY id) FROM audit.line
		WHERE id >= (SELECT id FROM audit.line WHERE action = 'job.start' AND object_id = $1) AND id < (SELECT id FROM audit.line WHERE action = 'job.start' AND object_id = $2)`,
		started["id"], again["id"])
	if want := fmt.Sprintf("job.start %d, member.leave -, member.change -, member.join -, member.batch %d, job.end %d", a, a, a); trail != want {
		t.Errorf("trail %s, want %s", trail, want)
	}
}

func TestAListThatCannotBeReadIsNoJob(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID
	for text, code := range map[string]string{
		"姓名\\n王某": "member.import.no_head", "号码\\n": "job.lines.none", "号码\\n" + strings.Repeat("1\\n", job.MaxLines+1): "job.lines.too_many",
	} {
		status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/members/import", c), `{"text":"`+text+`","day":"2026-02-01"}`)
		if status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%.20s: %d %v", text, status, doc)
		}
	}
	if n := customertest.Value[int](t, x.DB, `SELECT count(*) FROM crm.job`); n != 0 {
		t.Errorf("%d jobs", n)
	}
}

func TestAJobIsItsOwnersAndTheAdministrators(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID
	id := x.importMembers(t, c, "号码\n13800000001")["id"]
	for login, want := range map[string]int{"manager": 200, "head-a": 404, "administrator": 200} {
		if status, doc := x.jobNow(t, login, id); status != want {
			t.Errorf("%s: %d %v", login, status, doc)
		}
		_, list := x.as(t, login).Call(t, "GET", "/api/jobs", "")
		if shown := list["total"] == 1.0; shown != (want == 200) {
			t.Errorf("%s lists %v", login, list)
		}
		for _, part := range []string{"/cancel", "/result"} {
			if method := map[string]string{"/cancel": "POST", "/result": "GET"}[part]; want == 404 {
				if status, _ := x.as(t, login).Call(t, method, fmt.Sprint("/api/jobs/", id, part), ""); status != 404 {
					t.Errorf("%s %s: %d", login, part, status)
				}
			}
		}
	}
	status, doc := x.as(t, "administrator").Call(t, "POST", fmt.Sprint("/api/jobs/", id, "/cancel"), "")
	if status != 200 || doc["state"] != "cancelled" {
		t.Fatalf("%d %v", status, doc)
	}
	x.work(t)
	if members, _ := x.members(t, c, ""); len(members) != 0 {
		t.Errorf("a cancelled job went on: %v", members)
	}
	if status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprint("/api/jobs/", id, "/cancel"), ""); status != 422 || doc["code"] != "job.ended" {
		t.Errorf("%d %v", status, doc)
	}
}

// order queues a job of a kind over n lines for the manager's account.
func (x *site) order(t *testing.T, kind string, n int) job.Job {
	t.Helper()
	x.as(t, "manager")
	owner := x.Manager
	owner.AccountID = customertest.Value[int64](t, x.DB, `SELECT id FROM account.account WHERE login = 'manager'`)
	lines := make([]job.Line, n)
	for i := range lines {
		lines[i].Cells = []string{fmt.Sprint(i)}
	}
	j, err := x.all.Jobs.Start(t.Context(), owner, job.Order{Kind: kind, Columns: []string{"n"}, Lines: lines, Parameters: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestABatchThatIsCutOffLeavesNothing cuts batches off after their writes, as a kill does, and ends with
// every line done once.
func TestABatchThatIsCutOffLeavesNothing(t *testing.T) {
	x := newSite(t)
	if _, err := x.Database.Owner(t).Exec(t.Context(), `CREATE TABLE crm.once (n text); GRANT ALL ON crm.once TO jike_app`); err != nil {
		t.Fatal(err)
	}
	var cut func() // ends the context of the batch under way
	x.all.Jobs.Offer(job.Kind{Name: "test.once", Batch: func(ctx context.Context, tx pg.Tx, _ account.Caller, _ job.Job, lines []job.Line) error {
		for i := range lines {
			if _, err := tx.PGX().Exec(ctx, `INSERT INTO crm.once VALUES ($1)`, lines[i].Cells[0]); err != nil {
				return err
			}
			lines[i].Outcome = "written"
		}
		cut()
		return nil
	}})
	j, callers := x.order(t, "test.once", 5000), x.callers(t)
	for attempt := range 6 { // every other one is cut off
		ctx, cancel := context.WithCancel(t.Context())
		cut = func() {
			if attempt%2 == 0 {
				cancel()
			}
		}
		worked, err := x.all.Jobs.Advance(ctx, callers)
		for !worked && err == nil { // the server has not let go yet of what was cut off before
			worked, err = x.all.Jobs.Advance(ctx, callers)
		}
		if (err == nil) != (attempt%2 == 1) {
			t.Fatalf("attempt %d: %v, %v", attempt, worked, err)
		}
		cancel()
	}
	j, err := x.all.Jobs.Get(t.Context(), account.Caller{AccountID: j.OwnerID}, j.ID)
	if err != nil || j.State != job.Done || j.Done != 5000 || j.Counts["written"] != 5000 {
		t.Fatalf("%+v, %v", j, err)
	}
	if twice := customertest.Value[int](t, x.DB, `SELECT 5000 - count(DISTINCT n) + count(*) - count(DISTINCT n) FROM crm.once`); twice != 0 {
		t.Errorf("%d lines are missing or written twice", twice)
	}
}

func TestAJobThatCannotBeDoneEnds(t *testing.T) {
	x := newSite(t)
	calls := 0
	x.all.Jobs.Offer(job.Kind{Name: "test.busy", Batch: func(context.Context, pg.Tx, account.Caller, job.Job, []job.Line) error {
		calls++
		return errors.New("the moment is bad")
	}})
	x.all.Jobs.Offer(job.Kind{Name: "test.refused", Batch: func(context.Context, pg.Tx, account.Caller, job.Job, []job.Line) error {
		return fault.New(fault.NotFound, "customer.unknown")
	}})
	callers := x.callers(t)
	ended := func(j job.Job) job.Job {
		t.Helper()
		now, err := x.all.Jobs.Get(t.Context(), account.Caller{AccountID: j.OwnerID}, j.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	busy := x.order(t, "test.busy", 1)
	for range 5 {
		if _, err := x.all.Jobs.Advance(t.Context(), callers); err == nil {
			t.Fatal("a failed batch is no error")
		}
		if worked, _ := x.all.Jobs.Advance(t.Context(), callers); worked {
			t.Fatal("tried over at once")
		}
		if _, err := x.DB.Exec(t.Context(), `UPDATE crm.job SET retry_at = now()`); err != nil {
			t.Fatal(err)
		}
	}
	if j := ended(busy); j.State != job.Failed || j.Trouble != "internal" || calls != 5 {
		t.Errorf("%+v after %d batches", j, calls)
	}
	refused := x.order(t, "test.refused", 1)
	if _, err := x.all.Jobs.Advance(t.Context(), callers); err == nil {
		t.Error("no error")
	}
	if j := ended(refused); j.State != job.Failed || j.Trouble != "customer.unknown" {
		t.Errorf("%+v", j)
	}
	orphan := x.order(t, "test.busy", 1)
	if _, err := x.DB.Exec(t.Context(), `UPDATE account.account SET active = false WHERE login = 'manager'`); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Jobs.Advance(t.Context(), callers); err == nil {
		t.Error("no error")
	}
	if j := ended(orphan); j.State != job.Failed || j.Trouble != "job.owner_closed" || calls != 5 {
		t.Errorf("%+v", j)
	}
	if err := x.all.Jobs.Forget(t.Context(), time.Now().Add(job.Kept+time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := customertest.Value[int](t, x.DB, `SELECT (SELECT count(*) FROM crm.job) + (SELECT count(*) FROM crm.job_line)`); left != 0 {
		t.Errorf("%d rows are not forgotten", left)
	}
}

// TestAListOfManyMembers is as long as a large customer's; with JIKE_LONG as long as one may have.
func TestAListOfManyMembers(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)).ID
	var text strings.Builder
	text.WriteString("号码,姓名,部门,职务,短号\n")
	n := 5_000
	if os.Getenv("JIKE_LONG") != "" {
		n = 100_000
	}
	for i := range n {
		fmt.Fprintf(&text, "160%08d,王某,研发部,工程师,%d\n", i, 100_000+i)
	}
	began := time.Now()
	id := x.importMembers(t, c, text.String())["id"]
	queued := time.Since(began)
	x.work(t)
	took := time.Since(began)
	_, done := x.jobNow(t, "manager", id)
	if done["state"] != "done" || fmt.Sprint(done["counts"]) != fmt.Sprintf("map[joined:%d]", n) {
		t.Fatalf("%v", done)
	}
	_, page := x.members(t, c, fmt.Sprintf("?page=%d", n/20))
	if page["joined"] != float64(n) || len(page["items"].([]any)) != 20 {
		t.Errorf("%v members", page["joined"])
	}
	t.Logf("import of %d members: queued after %v, done after %v", n, queued.Round(time.Millisecond), took.Round(time.Millisecond))
}
