package province_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"jike/internal/account"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/exporting"
	"jike/schemas/codes"
)

// exported orders an export, lets it come to its end and gives the job and its file.
func (x *site) exported(t *testing.T, login, query string) (job map[string]any, name string, content []byte) {
	t.Helper()
	status, job := x.as(t, login).Call(t, "POST", "/api/exports?"+query, "")
	if status != 202 {
		t.Fatalf("%s: %d %v", query, status, job)
	}
	x.work(t)
	_, job = x.jobNow(t, login, job["id"])
	status, header, content := x.as(t, login).Raw(t, "GET", fmt.Sprintf("/api/exports/%v/file", job["id"]), "")
	if status != 200 {
		t.Fatalf("%d %s", status, content)
	}
	return job, header.Get("Content-Disposition"), content
}

func TestAnExportHoldsWhatTheListShowsAndSaysWhoseItIs(t *testing.T) {
	x := newSite(t)
	for i := range 30 {
		f := customertest.Facts(fmt.Sprintf("福州榕城设备%02d有限公司", i), x.ManagerUnit.ID)
		f.Class, f.LegalPerson = codes.Classes()[i%6], "不该导出"
		switch i {
		case 6:
			f.Sensitive = true
		case 12:
			f.ManagerID = x.StrangerUnit.ID
		case 18:
			f.Name = "=福州榕城设备"
		}
		x.Add(t, f)
	}
	for _, query := range []string{"class=A1&sort=name&dir=desc", "q=设备", "city=350100&lifecycle=active", "class=A1,B1&national=true"} {
		_, list := x.as(t, "head-a").Call(t, "GET", "/api/customers?size=200&"+query, "")
		job, name, content := x.exported(t, "head-a", "format=csv&"+query)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var listed, written []string
		for _, item := range list["items"].([]any) {
			listed = append(listed, item.(map[string]any)["number"].(string))
		}
		for _, row := range rows[1:] {
			written = append(written, row[0])
			if !strings.HasPrefix(row[len(row)-1], "head-a 20") {
				t.Errorf("a row says %q", row)
			}
		}
		if fmt.Sprint(listed) != fmt.Sprint(written) || len(listed) < 3 || list["total"] != job["total"] {
			t.Errorf("%s: listed %v of %v, written %v of %v", query, listed, list["total"], written, job["total"])
		}
		if !strings.Contains(name, "head-a") || strings.Contains(string(content), "不该导出") {
			t.Errorf("%s: %s\n%s", query, name, content)
		}
	}
	_, name, content := x.exported(t, "administrator", "class=A1&q=设备")
	book, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil || !strings.Contains(name, ".xlsx") {
		t.Fatalf("%s: %v", name, err)
	}
	rows, err := book.GetRows("Sheet1")
	if err != nil || len(rows) != 6 || rows[4][1] != "=福州榕城设备" {
		t.Errorf("%v: %q", err, rows)
	}
	trail := customertest.Value[string](t, x.DB, `SELECT string_agg(concat_ws(' ', actor, action, after->>'lines', after->>'rows', coalesce(after->>'filter', after->'parameters'->>'filter')), '; ' ORDER BY id)
		FROM audit.line WHERE action IN ('job.start', 'export.fetch') AND actor = 'administrator'`)
	for _, want := range []string{"administrator job.start 5 {", "administrator export.fetch 5 {", `"Classes":["A1"]`} {
		if !strings.Contains(trail, want) {
			t.Errorf("the trail has no %s: %s", want, trail)
		}
	}
}

func TestAnExportKeepsToTheScopeOfTheMoment(t *testing.T) {
	x := newSite(t)
	stays := x.Add(t, customertest.Facts("福州甲有限公司", x.ManagerUnit.ID))
	leaves := x.Add(t, customertest.Facts("福州乙有限公司", x.ManagerUnit.ID))
	_, job := x.as(t, "head-a").Call(t, "POST", "/api/exports?format=csv", "")
	if status, doc := x.as(t, "head-a").Call(t, "GET", fmt.Sprintf("/api/exports/%v/file", job["id"]), ""); status != 422 || doc["code"] != "export.not_done" {
		t.Errorf("%d %v", status, doc)
	}
	x.Change(t, leaves, func(f *customer.Facts) { f.ManagerID = x.StrangerUnit.ID })
	x.work(t)
	_, done := x.jobNow(t, "head-a", job["id"])
	_, _, content := x.as(t, "head-a").Raw(t, "GET", fmt.Sprintf("/api/exports/%v/file", job["id"]), "")
	if fmt.Sprint(done["counts"]) != "map[refused:1 written:1]" || !strings.Contains(string(content), stays.Number) || strings.Contains(string(content), leaves.Number) {
		t.Errorf("%v\n%s", done, content)
	}
	if status, doc := x.as(t, "head-a").Call(t, "POST", "/api/exports?q=none", ""); status != 422 || doc["code"] != "export.nothing" {
		t.Errorf("%d %v", status, doc)
	}
	if status, _ := x.as(t, "administrator").Call(t, "GET", fmt.Sprintf("/api/exports/%v/file", job["id"]), ""); status != 200 {
		t.Errorf("an administrator fetches it: %d", status)
	}
}

// exportAlone says how many customers one person may export alone.
func (x *site) exportAlone(t *testing.T, most int) {
	t.Helper()
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.export_rule SET most_alone = $1`, most); err != nil {
		t.Fatal(err)
	}
}

// secondHead is another head of department A, who has an account.
func (x *site) secondHead(t *testing.T) account.Caller {
	t.Helper()
	head := x.HeadA
	head.Login = "head-a2"
	if customertest.Value[int](t, x.DB, `SELECT count(*) FROM account.account WHERE login = $1`, head.Login) == 0 {
		x.employ(t, head)
	}
	head.AccountID = x.accountID(t, head.Login)
	return head
}

// asked is a request of the second head that waits.
func (x *site) asked(t *testing.T) (id int64, customers int) {
	t.Helper()
	x.exportAlone(t, 0)
	r, err := x.all.Exports.Ask(t.Context(), x.secondHead(t), exporting.Order{Sort: "id", Dir: "asc", Format: exporting.CSV, Language: "zh"}, "盘点")
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, r.Customers
}

// answered is a request of a login's own that somebody has declined.
func (x *site) answered(t *testing.T, login string) int64 {
	t.Helper()
	if login == "" {
		login = "head-a"
	}
	const insert = `INSERT INTO crm.export_request (requester_id, requester, reach, path, ordered, customers, reason, state, expires_at, decided_by_id, decided_by, decided_at, requester_told)
		SELECT a.id, a.login, 'own', '', '{}', 1, '盘点', 'declined', now(), d.id, d.login, now(), false
		FROM account.account a, account.account d WHERE a.login = $1 AND d.login = $2 RETURNING id`
	return customertest.Value[int64](t, x.DB, insert, login, map[bool]string{true: "head-a", false: "administrator"}[login == "administrator"])
}

func TestALargeExportWaitsForASecondPerson(t *testing.T) {
	x := newSite(t)
	x.secondHead(t)
	x.employ(t, x.HeadB)
	x.crowd(t, x.ManagerUnit.ID, 20)
	secret := customertest.Facts("福州机密有限公司", x.ColleagueUnit.ID)
	secret.Sensitive = true
	hidden := x.Add(t, secret)
	call := func(login, method, path, body, wants string) map[string]any {
		t.Helper()
		status, doc := x.as(t, login).Call(t, method, path, body)
		got := fmt.Sprint(status)
		if code, failed := doc["code"]; failed {
			got = fmt.Sprint(status, " ", code)
		}
		if got != wants {
			t.Fatalf("%s %s %s: %s %v, want %s", login, method, path, got, doc, wants)
		}
		return doc
	}
	decide := func(login string, id any, how, body, wants string) map[string]any {
		t.Helper()
		return call(login, "POST", fmt.Sprintf("/api/exports/requests/%v/%s", id, how), body, wants)
	}
	const requests = "/api/exports/requests"
	ask := func() any {
		t.Helper()
		return call("head-a", "POST", requests+"?format=csv&sort=name", `{"reason":"年度盘点"}`, "201")["id"]
	}
	listed := func(login, query string) float64 {
		t.Helper()
		return call(login, "GET", requests+query, "", "200")["total"].(float64)
	}

	call("head-a", "PUT", "/api/exports/rule", `{"version":1,"mostAlone":10,"waitHours":72}`, "403 permission.missing")
	call("administrator", "PUT", "/api/exports/rule", `{"version":1,"mostAlone":-1,"waitHours":72}`, "422 input.below_minimum")
	call("administrator", "PUT", "/api/exports/rule", `{"version":1,"mostAlone":10,"waitHours":24}`, "200")
	call("administrator", "PUT", "/api/exports/rule", `{"version":1,"mostAlone":9,"waitHours":72}`, "409 export.rule.conflict")

	// Alone only up to the limit; a request says why, and nobody decides their own.
	call("head-a", "POST", "/api/exports?format=csv", "", "422 export.needs_approval")
	call("head-a", "POST", requests+"?format=csv", `{"reason":" "}`, "422 export.reason.missing")
	call("head-a", "POST", requests+"?q=机密", `{"reason":"盘点"}`, "422 export.nothing")
	id := ask()
	decide("head-a", id, "approve", `{"customers":20}`, "403 export.request.own")
	decide("head-b", id, "approve", `{"customers":20}`, "404 export.request.unknown")
	if own, other, admin := listed("head-a", ""), listed("head-b", ""), listed("administrator", "?state=waiting"); own != 1 || other != 0 || admin != 1 {
		t.Errorf("the lists have %v, %v, %v", own, other, admin)
	}

	// Who approves must reach every customer: a sensitive one that the requester is named for by now.
	if err := x.Customers.Name(t.Context(), x.Everybody, hidden.ID, x.accountID(t, "head-a"), today(), "专项"); err != nil {
		t.Fatal(err)
	}
	decide("head-a2", id, "approve", `{"customers":20}`, "403 export.request.beyond_reach")
	decide("administrator", id, "approve", `{"customers":1000}`, "409 export.request.changed")
	x.crowd(t, x.ColleagueUnit.ID, 2) // 23 are more than a tenth above 20
	if now := decide("administrator", id, "approve", `{"customers":20}`, "409 export.request.changed")["current"].(map[string]any); now["customers"] != float64(23) || now["state"] != "waiting" {
		t.Errorf("a request that has grown is %v", now)
	}
	decide("administrator", id, "approve", `{"customers":23}`, "200")
	decide("head-a2", id, "decline", `{"reason":"用途不明"}`, "422 export.request.decided")
	x.work(t)
	told := func(login string) (words []string) {
		t.Helper()
		for _, item := range call(login, "GET", requests+"/notices", "", "200")["items"].([]any) {
			r := item.(map[string]any)
			words = append(words, fmt.Sprint(r["state"], " ", r["decidedBy"], " ", r["answer"]))
		}
		return words
	}
	if own, other := fmt.Sprint(told("head-a")), fmt.Sprint(told("administrator")); own != "[approved administrator ]" || other != "[]" {
		t.Errorf("told: %s, the other %s", own, other)
	}
	call("administrator", "POST", fmt.Sprintf("%s/%v/acknowledge", requests, id), "", "404 export.request.unknown")
	call("head-a", "POST", fmt.Sprintf("%s/%v/acknowledge", requests, id), "", "204")
	done := call("head-a", "GET", requests+"?state=approved", "", "200")["items"].([]any)[0].(map[string]any)
	job := done["job"].(map[string]any)
	_, _, content := x.as(t, "head-a").Raw(t, "GET", fmt.Sprintf("/api/exports/%v/file", job["id"]), "")
	if done["decidedBy"] != "administrator" || job["owner"] != "head-a" || strings.Count(string(content), "head-a 20") != 23 || !strings.Contains(string(content), hidden.Number) {
		t.Errorf("%v\n%s", done, content)
	}

	// Declined with a reason, expired, or of somebody who is gone.
	declined := ask()
	decide("head-a2", declined, "decline", `{"reason":""}`, "422 export.reason.missing")
	if doc := decide("head-a2", declined, "decline", `{"reason":"用途不明"}`, "200"); doc["state"] != "declined" || doc["answer"] != "用途不明" {
		t.Errorf("declined: %v", doc)
	}
	if own := fmt.Sprint(told("head-a")); own != "[declined head-a2 用途不明]" {
		t.Errorf("told: %s", own)
	}
	expired := ask()
	if _, err := x.DB.Exec(t.Context(), `UPDATE crm.export_request SET expires_at = now() WHERE id = $1`, expired); err != nil {
		t.Fatal(err)
	}
	decide("administrator", expired, "approve", `{"customers":23}`, "422 export.request.expired")
	if n := listed("head-a", "?state=expired"); n != 1 {
		t.Errorf("%v have expired", n)
	}
	orphan := ask()
	if _, err := x.DB.Exec(t.Context(), `UPDATE account.account SET active = false WHERE login = 'head-a'`); err != nil {
		t.Fatal(err)
	}
	decide("administrator", orphan, "approve", `{"customers":23}`, "422 export.request.requester_gone")

	trail := customertest.Value[string](t, x.DB, `SELECT string_agg(actor || ' ' || action, '; ' ORDER BY id) FROM audit.line WHERE object_kind = 'export_request'`)
	want := "administrator export.rule; head-a export.ask; administrator export.grow; administrator export.approve; head-a export.ask; head-a2 export.decline; head-a export.ask; head-a export.ask"
	if trail != want {
		t.Errorf("the trail has %s", trail)
	}
}
