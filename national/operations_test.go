package national_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/internal/portal/portaltest"
	"jike/xmlapi/shape/shapetest"
)

const openAPIFile = "../schemas/openapi/national.json"

func TestOpenAPIDocument(t *testing.T) {
	got, err := newSite(t).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	shapetest.Golden(t, openAPIFile, string(got))
}

// rightsFile is the table of rights: what every operation answers to every role.
const rightsFile = "testdata/rights.txt"

const rightsNote = `Rights of headquarters' portal: what each operation answers to nobody without a session and to each role. The roles of a
province are those of the table of rights; no account of headquarters has one.

yes answered    401 not signed in    403 without the permission
`

const noticeValues = `{"title":"通知","body":"正文","level":"info","validFrom":"2026-01-01T00:00:00Z","validTo":"2027-01-01T00:00:00Z"}`

// requests are good requests of the operations that need more than a path.
var requests = map[string][2]string{
	"customer-get":         {"/api/customers/591/1", ""},
	"company-get":          {"/api/companies/91000000MA00000157", ""},
	"report-summary":       {"/api/reports/summary?from=2026-09&to=2026-10", ""},
	"report-movements":     {"/api/reports/movements?kind=new&from=2026-09&to=2026-10", ""},
	"report-sheet":         {"/api/reports/summary.xlsx?from=2026-09&to=2026-10", ""},
	"reconciliation-start": {"/api/reconciliations", `{"province":591}`},
	"reconciliation-get":   {"/api/reconciliations/1", ""},

	"reconciliation-cancel":      {"/api/reconciliations/1/cancel", ""},
	"reconciliation-certificate": {"/api/reconciliations/1/certificate", ""},
	"certificate-export":         {"/api/certificates/591", ""},

	"saved-report-create":   {"/api/saved-reports", `{"name":"new",` + savedBody},
	"saved-report-change":   {"/api/saved-reports/1", `{"version":1,"name":"changed",` + savedBody},
	"saved-report-remove":   {"/api/saved-reports/2", ""},
	"saved-report-runs":     {"/api/saved-reports/1/runs", ""},
	"saved-report-order":    {"/api/saved-reports/1/runs", ""},
	"saved-report-workbook": {"/api/saved-report-runs/1/workbook", ""},

	"session-language": {"/api/session/language", `{"language":"en"}`},
	"session-password": {"/api/session/password", `{"old":"` + portaltest.Password + `","password":"Summer-rain-88"}`},

	"account-create":       {"/api/accounts", `{"login":"new-{role}","name":"新","role":"headquarters_analyst","unitId":0,"language":"zh"}`},
	"account-get":          {"/api/accounts/100", ""},
	"account-rights":       {"/api/accounts/100/rights", ""},
	"account-change":       {"/api/accounts/10{role}", `{"version":1,"name":"改","role":"headquarters_analyst","unitId":0,"active":true}`},
	"account-reset":        {"/api/accounts/100/password", ""},
	"account-unlock":       {"/api/accounts/100/unlock", ""},
	"account-unbind":       {"/api/accounts/100/subject", ""},
	"account-session-list": {"/api/accounts/100/sessions", ""},
	"account-session-end":  {"/api/accounts/100/sessions/0", ""},

	"reference-list":   {"/api/reference/notices", ""},
	"reference-create": {"/api/reference/notices", `{"province":0,"values":` + noticeValues + `}`},
	"reference-change": {"/api/reference/notices/1", `{"version":1,"province":0,"values":` + noticeValues + `}`},
	"reference-expire": {"/api/reference/notices/2?version=1", ""},
	"reference-import": {"/api/reference/notices/import", `{"format":"json","text":"[]"}`},
}

// add calls operations with the browser of everybody, and without the token of the session where they
// change something. It adds what was answered to the table, and gives what a good request is never answered.
func add(t *testing.T, s *site, table *portaltest.Rights, browsers []*portaltest.Browser, operations ...portal.Operation) (faults []string) {
	t.Helper()
	cells := make([][]string, len(operations))
	for i, role := range everybody {
		b, number := browsers[i], strings.NewReplacer("{role}", fmt.Sprint(i))
		for n, op := range operations {
			path, body := op.Path, ""
			if request, ok := requests[op.ID]; ok {
				path, body = number.Replace(request[0]), number.Replace(request[1])
			}
			if op.ID == "session-end" {
				path = s.session(t, role)
			}
			if op.ID == "audit-verification-start" {
				if _, err := s.stores.Trail.Verify(t.Context()); err != nil { // the one before has to be over
					t.Fatal(err)
				}
			}
			status, doc := b.Call(t, op.Method, path, body)
			cell := fmt.Sprint(status)
			switch {
			case status < 300:
				cell = "yes"
			case status != http.StatusUnauthorized && status != http.StatusForbidden:
				faults = append(faults, fmt.Sprintf("%q calls %s: %d %v; give it a good request in requests of this test", role, op.ID, status, doc))
			}
			cells[n] = append(cells[n], cell)
			if op.Method != http.MethodGet && role != "" {
				if status, _ := b.Forged().Call(t, op.Method, path, body); status != http.StatusForbidden {
					faults = append(faults, fmt.Sprintf("%s calls %s without token: %d", role, op.ID, status))
				}
			}
		}
	}
	for n, op := range operations {
		table.Add(op, cells[n])
	}
	return faults
}

// everybody is nobody and every role.
var everybody = append([]account.Role{""}, account.Roles()...)

func newRights() *portaltest.Rights {
	return portaltest.NewRights(rightsNote, "nobody", "manager", "head", "administrator", "hq analyst", "hq administrator")
}

func TestRightsOfEveryOperationAndRole(t *testing.T) {
	s, table := newSite(t), newRights()
	s.exec(t, `INSERT INTO crm.saved_report (owner_id, name, audience, keep_days, settings)
			SELECT id, n::text, 'private', 30, '{}' FROM account.account, generate_series(1, 2) n WHERE login = 'headquarters_analyst';
		INSERT INTO crm.saved_report_run (report_id, due_at, state, content, finished_at) VALUES (1, now(), 'done', '', now())`)
	operations := slices.DeleteFunc(slices.Clone(s.Operations()), func(op portal.Operation) bool { return op.ID == "session-open" || op.ID == "session-close" })
	browsers := make([]*portaltest.Browser, len(everybody))
	for i, role := range everybody {
		browsers[i] = s.signIn(t, role)
	}
	for _, fault := range add(t, s, table, browsers, operations...) {
		t.Error(fault)
	}
	shapetest.Golden(t, rightsFile, table.String())
	expected, err := os.ReadFile(rightsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range table.Differences(string(expected)) {
		t.Error(d)
	}
	if len(s.asked) != 1 {
		t.Errorf("%d reconciliations were begun, want the analyst's one", len(s.asked))
	}
	right := portal.Operation{Method: http.MethodGet, Path: "/api/provinces", ID: "province-list", Permission: account.NationRead}
	for name, needs := range map[string]account.Permission{
		"the permission is forgotten": portal.SignedIn, "the session is forgotten": portal.Public, "it is another": account.ReportRead,
	} {
		t.Run(name, func(t *testing.T) {
			planted := right // takes the place of the right one
			planted.ID, planted.Permission = name, needs
			portal.Register(s.Server, planted, func(context.Context, account.Caller, *struct{}) (portal.Nothing, error) { return portal.Nothing{}, nil })
			found := newRights()
			if faults := add(t, s, found, browsers, right); len(faults) > 0 {
				t.Error(faults)
			}
			if d := found.Differences(string(expected)); len(d) != 1 {
				t.Errorf("the planted hole is not found: %v", d)
			}
		})
	}
}
