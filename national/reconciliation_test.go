package national_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/sync/reconcile"
	"jike/xmlapi/shape/shapetest"
)

const reportXSD = "../schemas/xsd/reconciliation-report.xsd"

// The report of a night says of every province what was found, as JSON and as XML.
func TestReportOfTheNight(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	if _, err := s.owner.Exec(t.Context(), `UPDATE sync.reconciliation SET started = timestamptz '2026-11-24 02:30:00+08' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	doc := get(t, b, "/api/reconciliation-report?night=2026-11-24")
	summary := doc["summary"].(map[string]any)
	if summary["provinces"] != 2.0 || summary["repaired"] != 1.0 || summary["open"] != 1.0 {
		t.Errorf("summary %v", summary)
	}
	if got := texts(t, doc["provinces"], "province") + " " + texts(t, doc["provinces"], "state"); got != "571 591 none done" {
		t.Errorf("provinces %s", got)
	}
	done := doc["provinces"].([]any)[1].(map[string]any)
	certificate := done["certificate"].(map[string]any)
	if certificate["sequence"] != 1.0 || len(certificate["tables"].([]any)) != 6 || len(done["causes"].([]any)) != 5 || certificate["recheckPoint"] == "" {
		t.Errorf("province %v", done)
	}
	if doc := get(t, b, "/api/reconciliation-report?night=2026-11-25"); doc["summary"].(map[string]any)["open"] != 2.0 {
		t.Errorf("another night: %v", doc["summary"])
	}
	for _, wrong := range []string{"2026-13-01", "yesterday"} {
		if status, _ := b.Call(t, http.MethodGet, "/api/reconciliation-report?night="+wrong, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("night %s: %d", wrong, status)
		}
	}

	status, header, raw := b.Raw(t, http.MethodGet, "/api/reconciliation-report.xml?night=2026-11-24", "")
	if status != http.StatusOK || header.Get("Content-Type") != "application/xml" ||
		header.Get("Content-Disposition") != "attachment; filename=reconciliation-2026-11-24.xml" {
		t.Fatalf("XML: %d %v", status, header)
	}
	if _, err := s.owner.Exec(t.Context(), `UPDATE sync.reconciliation SET state = 'failed', certificate = NULL, result = NULL,
		point = NULL, epoch = NULL, reason_code = 'offline', reason = '<link & "hub" are down>', causes = '[]' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	_, _, failed := b.Raw(t, http.MethodGet, "/api/reconciliation-report.xml?night=2026-11-24", "")
	_, _, now := b.Raw(t, http.MethodGet, "/api/reconciliation-report.xml", "")
	good := []string{string(raw), string(failed), string(now)}
	for i, valid := range shapetest.Valid(t, reportXSD, good) {
		if !valid {
			t.Errorf("the schema refuses %s", good[i])
		}
	}
	// And the schema refuses what it should.
	var bad []string
	for _, change := range [][2]string{
		{`state="done"`, `state="fine"`},
		{`cause="parked"`, `cause="bad luck"`},
		{`code="571"`, `code="591"`},
		{` night="2026-11-24"`, ``},
		{`digest="`, `digest="x`},
		{`<Summary `, `<Total `},
		{`rows="`, `rows="-`},
		{`SHA256:`, `MD5:`},
	} {
		text := strings.Replace(string(raw), change[0], change[1], 1)
		if text == string(raw) {
			t.Errorf("no %s in %s", change[0], raw)
		}
		bad = append(bad, text)
	}
	for i, valid := range shapetest.Valid(t, reportXSD, bad) {
		if valid {
			t.Errorf("the schema takes %s", bad[i])
		}
	}
	if wild := regexp.MustCompile(`&lt;link &amp; (&quot;|")hub`); !wild.Match(failed) {
		t.Errorf("the reason is not in %s", failed)
	}
}

// What the portal exports is what `jike reconcile verify` takes, to the byte.
func TestExportedCertificatesVerify(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	for _, path := range []string{"/api/certificates/591", "/api/certificates/591?since=2026-01-01T00:00:00Z", "/api/reconciliations/1/certificate"} {
		status, header, raw := b.Raw(t, http.MethodGet, path, "")
		if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment; filename=certificate") {
			t.Fatalf("%s: %d %v", path, status, header)
		}
		chain, err := reconcile.ReadChain(raw)
		if err != nil || len(chain) != 1 {
			t.Fatalf("%s: %d certificates, %v", path, len(chain), err)
		}
		if err := reconcile.VerifyChain(chain); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	later := time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)
	for _, path := range []string{"/api/certificates/571", "/api/certificates/591?since=" + later, "/api/reconciliations/2/certificate"} {
		if status, _ := b.Call(t, http.MethodGet, path, ""); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// The board has a cell for each night with a run, and tells of one data set what its certificate does.
func TestSubmissions(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	if _, err := s.owner.Exec(t.Context(), `
		UPDATE sync.reconciliation SET started = '2026-11-23T15:00:00Z', rows = 17, differences = 2 WHERE id = 1; -- 23:00 in China: the night of the 24th
		UPDATE sync.reconciliation SET started = '2026-11-22T03:59:59Z' WHERE id = 2; -- one second before noon: still the night of the 22nd
		INSERT INTO sync.reconciliation (province, state, trigger, requested_by, started, ended) VALUES
			(591, 'failed', 'retry', 'schedule', '2026-11-23T16:00:00Z', now()), -- the one that came to its end counts
			(591, 'failed', 'schedule', 'schedule', '2026-11-22T04:00:00Z', now())`); err != nil {
		t.Fatal(err)
	}
	board := get(t, b, "/api/submissions?until=2026-11-24&nights=4")
	if got := fmt.Sprint(board["nights"]); got != "[2026-11-24 2026-11-23 2026-11-22 2026-11-21]" {
		t.Errorf("nights %s", got)
	}
	zhejiang, fujian := board["provinces"].([]any)[0].(map[string]any), board["provinces"].([]any)[1].(map[string]any)
	for field, want := range map[string]string{"night": "2026-11-24 2026-11-23", "state": "done failed", "result": "repaired ", "rows": "17 0", "differences": "2 0"} {
		if got := texts(t, fujian["cells"], field); got != want {
			t.Errorf("%s of 591: got %q, want %q", field, got, want)
		}
	}
	if got := texts(t, zhejiang["cells"], "night") + " " + texts(t, zhejiang["cells"], "state"); got != "2026-11-22 running" {
		t.Errorf("571: %s", got)
	}
	_, _, raw := b.Raw(t, http.MethodGet, "/api/reconciliations/1/certificate", "")
	chain, err := reconcile.ReadChain(raw)
	if err != nil {
		t.Fatal(err)
	}
	clean, proofs := 0, chain[0].Statement.Tables
	for _, proof := range proofs {
		of := get(t, b, "/api/submissions?until=2026-11-24&nights=1&dataSet="+proof.Table)
		cell := of["provinces"].([]any)[1].(map[string]any)["cells"].([]any)[0].(map[string]any)
		want := "repaired"
		if proof.DifferentRanges == 0 {
			want = "clean"
			clean++
		}
		if cell["result"] != want || cell["rows"] != float64(proof.Province.Rows) || cell["differences"] != float64(proof.DifferentRanges) {
			t.Errorf("%s: %v, the certificate says %v", proof.Table, cell, proof)
		}
	}
	if clean == 0 || clean == len(proofs) {
		t.Errorf("%d of %d data sets were clean: the test shows nothing", clean, len(proofs))
	}
	for _, bad := range []string{"nights=0", "nights=32", "until=24.11.2026", "dataSet=crm.secret"} {
		if status, doc := b.Call(t, http.MethodGet, "/api/submissions?"+bad, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", bad, status, doc)
		}
	}
}
