package national_test

import (
	"context"
	"fmt"
	"net/http"
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

// administrators manage accounts. The province's is one by the table of rights, if never at this node.
var administrators = []account.Role{account.ProvinceAdministrator, account.HeadquartersAdmin}

// allowed says who may call each operation; everybody else must be refused.
var allowed = map[string][]account.Role{
	"province-list":        {account.HeadquartersAnalyst, account.HeadquartersAdmin},
	"customer-list":        {account.HeadquartersAnalyst},
	"customer-get":         {account.HeadquartersAnalyst},
	"company-list":         {account.HeadquartersAnalyst},
	"company-get":          {account.HeadquartersAnalyst},
	"submission-board":     {account.HeadquartersAnalyst},
	"report-summary":       {account.HeadquartersAnalyst},
	"report-sheet":         {account.HeadquartersAnalyst},
	"reconciliation-start": {account.HeadquartersAnalyst},
	"reconciliation-list":  {account.HeadquartersAnalyst},
	"reconciliation-get":   {account.HeadquartersAnalyst},

	"reconciliation-start-all":   {account.HeadquartersAnalyst},
	"reconciliation-cancel":      {account.HeadquartersAnalyst},
	"reconciliation-certificate": {account.HeadquartersAnalyst},
	"reconciliation-report":      {account.HeadquartersAnalyst},
	"reconciliation-report-xml":  {account.HeadquartersAnalyst},
	"certificate-export":         {account.HeadquartersAnalyst},

	"session-get":      account.Roles(),
	"session-language": account.Roles(),
	"session-close":    account.Roles(),
	"session-password": account.Roles(),
	"session-list":     account.Roles(),
	"session-end":      account.Roles(),

	"account-list":         administrators,
	"account-create":       administrators,
	"account-get":          administrators,
	"account-change":       administrators,
	"account-reset":        administrators,
	"account-unlock":       administrators,
	"account-session-list": administrators,
	"account-session-end":  administrators,

	"reference-overview": {account.HeadquartersAnalyst},
	"reference-list":     {account.HeadquartersAnalyst},
	"reference-create":   {account.HeadquartersAnalyst},
	"reference-change":   {account.HeadquartersAnalyst},
	"reference-expire":   {account.HeadquartersAnalyst},
	"reference-import":   {account.HeadquartersAnalyst},
}

const noticeValues = `{"title":"通知","body":"正文","level":"info","validFrom":"2026-01-01T00:00:00Z","validTo":"2027-01-01T00:00:00Z"}`

// requests are good requests of the operations that need more than a path.
var requests = map[string][2]string{
	"customer-get":         {"/api/customers/591/1", ""},
	"company-get":          {"/api/companies/91000000MA00000157", ""},
	"report-summary":       {"/api/reports/summary?from=2026-09&to=2026-10", ""},
	"report-sheet":         {"/api/reports/summary.xlsx?from=2026-09&to=2026-10", ""},
	"reconciliation-start": {"/api/reconciliations", `{"province":591}`},
	"reconciliation-get":   {"/api/reconciliations/1", ""},

	"reconciliation-cancel":      {"/api/reconciliations/1/cancel", ""},
	"reconciliation-certificate": {"/api/reconciliations/1/certificate", ""},
	"certificate-export":         {"/api/certificates/591", ""},

	"session-language": {"/api/session/language", `{"language":"en"}`},
	"session-password": {"/api/session/password", `{"old":"` + portaltest.Password + `","password":"Summer-rain-88"}`},

	"account-create":       {"/api/accounts", `{"login":"new-{role}","name":"新","role":"headquarters_analyst","unitId":0,"language":"zh"}`},
	"account-get":          {"/api/accounts/100", ""},
	"account-change":       {"/api/accounts/10{role}", `{"version":1,"name":"改","role":"headquarters_analyst","unitId":0,"active":true}`},
	"account-reset":        {"/api/accounts/100/password", ""},
	"account-unlock":       {"/api/accounts/100/unlock", ""},
	"account-session-list": {"/api/accounts/100/sessions", ""},
	"account-session-end":  {"/api/accounts/100/sessions/0", ""},

	"reference-list":   {"/api/reference/notices", ""},
	"reference-create": {"/api/reference/notices", `{"province":0,"values":` + noticeValues + `}`},
	"reference-change": {"/api/reference/notices/1", `{"version":1,"province":0,"values":` + noticeValues + `}`},
	"reference-expire": {"/api/reference/notices/2?version=1", ""},
	"reference-import": {"/api/reference/notices/import", `{"format":"json","text":"[]"}`},
}

// rights calls every operation but signing in and out as every role and as nobody, and without the token of the session
// where it changes something. It gives what was answered wrongly, and how many calls it made.
func rights(t *testing.T, s *site) (holes []string, calls int) {
	t.Helper()
	for i, role := range append([]account.Role{""}, account.Roles()...) {
		b, number := s.signIn(t, role), strings.NewReplacer("{role}", fmt.Sprint(i))
		for _, op := range s.Operations() {
			if op.ID == "session-open" || op.ID == "session-close" {
				continue
			}
			path, body := op.Path, ""
			if request, ok := requests[op.ID]; ok {
				path, body = number.Replace(request[0]), number.Replace(request[1])
			}
			if op.ID == "session-end" {
				path = s.session(t, role)
			}
			may := slices.Contains(allowed[op.ID], role)
			status, _ := b.Call(t, op.Method, path, body)
			calls++
			switch {
			case may && status >= 300:
				holes = append(holes, fmt.Sprintf("%s may not call %s: %d", role, op.ID, status))
			case role == "" && status != http.StatusUnauthorized, role != "" && !may && status != http.StatusForbidden:
				holes = append(holes, fmt.Sprintf("%q calls %s: %d", role, op.ID, status))
			}
			if op.Method != http.MethodGet && role != "" {
				forged := b.Forged()
				status, _ := forged.Call(t, op.Method, path, body)
				calls++
				if status != http.StatusForbidden {
					holes = append(holes, fmt.Sprintf("%s calls %s without token: %d", role, op.ID, status))
				}
			}
		}
	}
	return holes, calls
}

func TestRightsOfEveryOperationAndRole(t *testing.T) {
	s := newSite(t)
	for _, op := range s.Operations() {
		if _, known := allowed[op.ID]; !known && op.ID != "session-open" {
			t.Errorf("operation %s is not in the table of rights", op.ID)
		}
	}
	holes, calls := rights(t, s)
	for _, hole := range holes {
		t.Error(hole)
	}
	t.Logf("%d calls: %d operations, %d roles and nobody", calls, len(s.Operations())-2, len(account.Roles()))
	if len(s.asked) != 1 {
		t.Errorf("%d reconciliations were begun, want the analyst's one", len(s.asked))
	}
}

func TestRightsTestFindsAHole(t *testing.T) {
	s := newSite(t)
	portal.Register(s.Server, portal.Operation{
		Method: http.MethodGet, Path: "/api/hole", ID: "planted-hole", Tag: "test",
		Permission: portal.SignedIn,
	}, func(context.Context, account.Caller, *struct{}) (portal.Nothing, error) { return portal.Nothing{}, nil })
	if holes, _ := rights(t, s); len(holes) != len(account.Roles()) {
		t.Errorf("the planted hole gives %d findings, want one for each role: %v", len(holes), holes)
	}
}
