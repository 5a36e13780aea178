package province_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"jike/province/customer"
	"jike/province/customer/customertest"
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
