package national_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/report"
	"jike/national/savedreport"
	"jike/schemas/codes"
)

// savedBody is a report that is made every day; the analyst gives it a name.
const savedBody = `"audience":"public","keepDays":30,"settings":{"groupBy":["month","province"],"measures":["incomeFen","customers"],
	"province":[591,571],"city":[],"class":["A1"],"industry":[],"period":"last_12_months","language":"zh","schedule":{"every":"daily","day":1,"at":"06:00"}}}`

// owner is the analyst; other is another one.
func (s *site) owners(t *testing.T) (owner, other account.Caller) {
	t.Helper()
	owner = account.Caller{Login: string(account.HeadquartersAnalyst), Role: account.HeadquartersAnalyst}
	if err := s.owner.QueryRow(t.Context(), `SELECT id FROM account.account WHERE login = $1`, owner.Login).Scan(&owner.AccountID); err != nil {
		t.Fatal(err)
	}
	return owner, account.Caller{AccountID: 100, Login: "somebody100", Role: account.HeadquartersAnalyst}
}

func (s *site) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := s.owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func saved(name string) savedreport.Facts {
	return savedreport.Facts{Name: name, Audience: savedreport.Private, KeepDays: 1, Settings: savedreport.Settings{
		GroupBy: []report.Dimension{report.ByProvince}, Measures: report.Measures(), Period: savedreport.LastMonth, Language: "en",
		Schedule: savedreport.Schedule{Every: savedreport.Daily, Day: 1, At: "00:00"},
	}}
}

// Two nodes look at the clock at the same moment: each due time has one workbook, and its figures are the page's.
func TestSavedReportsAreMadeOncePerDueTime(t *testing.T) {
	s := newSite(t)
	s.exec(t, `INSERT INTO crm.monthly_summary (province, id, month, city, class, industry, customers, members, income_fen, updated_at)
		SELECT p, 900 + m, (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => m))::date, '350100', 'A1', 'I', m * 3, m, p * 1001 + m, now()
		FROM unnest('{591,571}'::int[]) p, generate_series(1, 14) m`)
	if err := s.stores.Reports.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	const reports = 12
	for i := range reports {
		status, doc := b.Call(t, http.MethodPost, "/api/saved-reports", fmt.Sprintf(`{"name":"月报 %d",%s`, i, savedBody))
		if status != http.StatusCreated || doc["nextAt"] == nil {
			t.Fatalf("%d %v", status, doc)
		}
	}
	s.exec(t, `UPDATE crm.saved_report SET next_at = now() - interval '3 days'`) // the node was down over three due times
	owner, _ := s.owners(t)
	callers := func(context.Context, int64) (account.Caller, error) { return owner, nil }
	var nodes sync.WaitGroup
	for range 2 {
		node := savedreport.NewStore(s.owner, s.stores.Reports, time.UTC)
		nodes.Go(func() {
			for worked := true; worked; {
				var err error
				if worked, err = node.Advance(t.Context(), callers); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	nodes.Wait()
	var runs, done, due int
	const count = `SELECT count(*), count(*) FILTER (WHERE r.state = 'done' AND ordered_by = ''), count(DISTINCT s.id) FILTER (WHERE s.next_at > now())
		FROM crm.saved_report s LEFT JOIN crm.saved_report_run r ON r.report_id = s.id`
	if err := s.owner.QueryRow(t.Context(), count).Scan(&runs, &done, &due); err != nil || runs != reports || done != reports || due != reports {
		t.Fatalf("%d runs, %d done, %d due again, %v", runs, done, due, err)
	}

	doc := get(t, b, "/api/saved-reports/1/runs")
	about := doc["report"].(map[string]any)
	page := get(t, b, fmt.Sprintf("/api/reports/summary?from=%s&to=%s&groupBy=month,province&province=591,571&class=A1", about["from"], about["to"]))
	want := "月份 省份 客户数 客户数 · 环比 客户数 · 同比 收入（元） 收入（元） · 环比 收入（元） · 同比"
	for _, r := range page["rows"].([]any) {
		row := r.(map[string]any)
		growth := func(of, measure string) string {
			hundredths, comparable := row[of].(map[string]any)[measure].(float64)
			if !comparable {
				return ""
			}
			return fmt.Sprint(hundredths / 10000)
		}
		name := codes.Province(int16(row["province"].(float64))).Name().Chinese
		want += fmt.Sprint("\n", row["month"], " ", name, " ", row["customers"], " ", growth("monthOnMonth", "customers"), " ", growth("yearOnYear", "customers"),
			" ", row["incomeFen"].(float64)/100, " ", growth("monthOnMonth", "incomeFen"), " ", growth("yearOnYear", "incomeFen"))
	}
	run := doc["items"].([]any)[0].(map[string]any)
	status, header, raw := b.Raw(t, http.MethodGet, fmt.Sprintf("/api/saved-report-runs/%v/workbook", run["id"]), "")
	if status != http.StatusOK || !strings.Contains(header.Get("Content-Disposition"), ".xlsx") || run["bytes"] != float64(len(raw)) {
		t.Fatalf("%d %v, %d bytes of %v", status, header, len(raw), run)
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("报表")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cells := range rows {
		got = append(got, strings.Join(append(cells, make([]string, len(rows[0])-len(cells))...), " "))
	}
	if len(rows) != 25 || strings.Join(got, "\n") != want {
		t.Errorf("the workbook has\n%s\nthe page\n%s", strings.Join(got, "\n"), want)
	}
	notes, err := book.GetRows("说明")
	if err != nil || notes[2][1] != "crm.monthly_summary, crm.customer" || notes[3][0] != "客户数" || len(notes) != 9 { // and two measures, two growths, two provinces
		t.Errorf("notes %v, %v", notes, err)
	}
	var trail string
	if err := s.owner.QueryRow(t.Context(), `SELECT string_agg(action || ' ' || coalesce(after->>'state', ''), ', ' ORDER BY id) FROM audit.line
		WHERE object_kind = 'report' AND object_id = 1`).Scan(&trail); err != nil || trail != "report.save , report.end done, report.fetch " {
		t.Errorf("trail %q, %v", trail, err)
	}
}

// What fails by the moment is tried over, what cannot be made fails with its reason, and neither is forgotten early.
func TestSavedReportsThatFail(t *testing.T) {
	s := newSite(t)
	owner, _ := s.owners(t)
	store := s.stores.SavedReports
	r, err := store.Add(t.Context(), owner, saved("a"))
	if err != nil {
		t.Fatal(err)
	}
	var cause error
	callers := func(context.Context, int64) (account.Caller, error) { return owner, cause }
	state := func() string {
		t.Helper()
		_, runs, err := store.Runs(t.Context(), owner, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, run := range runs {
			list = append(list, fmt.Sprint(run.State, " ", run.Trouble, " ", run.Attempts))
		}
		return strings.Join(list, ", ")
	}
	order := func(want string) {
		t.Helper()
		if _, err := store.Order(t.Context(), owner, r.ID); err != nil {
			t.Fatal(err)
		}
		if worked, err := store.Advance(t.Context(), callers); !worked || (err != nil) != (cause != nil) {
			t.Fatalf("%v %v", worked, err)
		}
		if got := state(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	cause = account.ErrNoAccount
	order("failed saved_report.owner_closed 1")
	cause = errors.New("the database restarts")
	order("queued internal 1, failed saved_report.owner_closed 1")
	if _, err := store.Order(t.Context(), owner, r.ID); !fault.Is(err, fault.Rule) {
		t.Errorf("ordered while one waits: %v", err)
	}
	if worked, err := store.Advance(t.Context(), callers); worked || err != nil {
		t.Errorf("tried over at once: %v %v", worked, err)
	}
	for attempt := 2; attempt <= 5; attempt++ {
		s.exec(t, `UPDATE crm.saved_report_run SET try_at = now() WHERE state = 'queued'`)
		if worked, err := store.Advance(t.Context(), callers); !worked || err == nil {
			t.Fatalf("attempt %d: %v %v", attempt, worked, err)
		}
	}
	if got := state(); got != "failed internal 5, failed saved_report.owner_closed 1" {
		t.Error(got)
	}
	cause = nil
	order("done  0, failed internal 5, failed saved_report.owner_closed 1")

	s.exec(t, `UPDATE crm.saved_report_run SET finished_at = now() - interval '25 hours' WHERE state = 'failed'`) // kept for a day
	if err := store.Forget(t.Context()); err != nil || state() != "done  0" {
		t.Errorf("%v, %s", err, state())
	}
}

// A report is its owner's; others see it when it is shown to all, and take it over when the owner is gone.
func TestSavedReportsAreTheirOwners(t *testing.T) {
	s := newSite(t)
	owner, other := s.owners(t)
	store, ctx := s.stores.SavedReports, t.Context()
	r, err := store.Add(ctx, owner, saved("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Add(ctx, owner, saved(" a ")); !fault.Is(err, fault.Exists) {
		t.Errorf("the same name again: %v", err)
	}
	run, err := store.Order(ctx, owner, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.File(ctx, owner, run.ID); !fault.Is(err, fault.Rule) {
		t.Errorf("a workbook that is not made: %v", err)
	}
	attempts := func(by account.Caller) (kinds []string) {
		list, err := store.List(ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		_, _, runs := store.Runs(ctx, by, r.ID)
		_, file := store.File(ctx, by, run.ID)
		facts := r.Facts
		facts.KeepDays++
		_, change := store.Change(ctx, by, r.ID, r.Version, facts)
		kinds = []string{fmt.Sprint(len(list))}
		for _, err := range []error{runs, file, change} {
			kind := "yes"
			if err != nil {
				kind = fault.KindOf(err).String()
			}
			kinds = append(kinds, kind)
		}
		return kinds
	}
	if got, want := fmt.Sprint(attempts(other)), fmt.Sprint([]string{"0", fault.NotFound.String(), fault.NotFound.String(), fault.NotFound.String()}); got != want {
		t.Errorf("a private one: %s, want %s", got, want)
	}
	public := r.Facts
	public.Audience = savedreport.Public
	if r, err = store.Change(ctx, owner, r.ID, r.Version, public); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(attempts(other)), fmt.Sprint([]string{"1", "yes", fault.Rule.String(), fault.Denied.String()}); got != want {
		t.Errorf("one that all see: %s, want %s", got, want)
	}
	_, err = store.Change(ctx, owner, r.ID, r.Version-1, public)
	if conflict, ok := errors.AsType[*fault.StaleError[savedreport.Report]](err); !ok || conflict.Current.Version != r.Version {
		t.Errorf("an old version: %v", err)
	}
	s.exec(t, `UPDATE account.account SET active = false WHERE id = $1`, owner.AccountID)
	if r, err = store.Change(ctx, other, r.ID, r.Version, public); err != nil || r.OwnerID != other.AccountID {
		t.Errorf("taken over: %+v %v", r, err)
	}
	if err := store.Remove(ctx, owner, r.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("removed by who owned it: %v", err)
	}
	if err := store.Remove(ctx, other, r.ID); err != nil {
		t.Error(err)
	}
	admin := account.Caller{AccountID: 101, Role: account.HeadquartersAdmin}
	if _, err := store.List(ctx, admin); !fault.Is(err, fault.Denied) {
		t.Errorf("without report.read: %v", err)
	}
	wrong := saved("")
	wrong.KeepDays, wrong.Settings.GroupBy, wrong.Settings.Schedule.At = 0, nil, "25:00"
	if _, err := store.Add(ctx, other, wrong); err == nil || strings.Count(err.Error(), "(field ") != 4 {
		t.Errorf("wrong facts: %v", err)
	}
}
