package province_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/customer/customertest"
	"jike/province/merge"
	"jike/province/overview"
	"jike/province/situation"
	"jike/province/wish"
)

func TestASituationIsNotedDayByDay(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	b, path := x.as(t, "manager"), fmt.Sprintf("/api/customers/%d/situations", c.ID)
	stated := func(edits string) string {
		return `{"ofDay":"2026-02-01","sales":"rises","headcount":"","plan":"move","carrier":"telecom","carrierUntil":"2026-12-31","supplier":"","supplierUntil":"","budgetMonth":10,"body":"年底搬迁"` + edits + `}`
	}
	for _, edits := range []string{"", `,"ofDay":"2026-01-01","sales":"shrinks"`} {
		if status, doc := b.Call(t, "POST", path, stated(edits)); status != 201 || doc["author"] != "manager" {
			t.Fatalf("%d %v", status, doc)
		}
	}
	_, doc := b.Call(t, "GET", path, "")
	var days []any
	for _, item := range doc["items"].([]any) {
		note := item.(map[string]any)
		days = append(days, note["ofDay"], note["sales"], note["carrierUntil"])
	}
	if fmt.Sprint(days) != "[2026-02-01 rises 2026-12-31 2026-01-01 shrinks 2026-12-31]" {
		t.Errorf("that of the latest day comes first: %v", days)
	}
	for edits, code := range map[string]string{
		`,"ofDay":"2126-01-01"`:         "situation.day.future",
		`,"ofDay":"1.2.2026"`:           "input.format",
		`,"carrier":""`:                 "situation.until.of_nobody",
		`,"supplierUntil":"2026-12-31"`: "situation.until.of_nobody",
		`,"budgetMonth":13`:             "budgetMonth",
		`,"sales":"","plan":"","carrier":"","carrierUntil":"","budgetMonth":0,"body":" "`: "situation.empty",
	} {
		if status, doc := b.Call(t, "POST", path, stated(edits)); status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%s: %d %v, want %s", edits, status, doc, code)
		}
	}
	const trail = `SELECT string_agg(action || ' ' || (after->>'ofDay') || ' ' || (after ? 'supplier'), ', ' ORDER BY id) FROM audit.line WHERE object_kind = 'situation'`
	if got := customertest.Value[string](t, x.DB, trail); got != "situation.create 2026-02-01 false, situation.create 2026-01-01 false" {
		t.Errorf("trail: %s", got)
	}
}

func TestAWishIsMadeAndAnswered(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	into := x.Add(t, customertest.Facts("甲有限公司", x.ManagerUnit.ID))
	b, path := x.as(t, "manager"), fmt.Sprintf("/api/customers/%d/wishes", c.ID)
	stated := func(edits string) string {
		return `{"kind":"price","body":"专线降价","wantedOn":"2026-03-01","status":"open","answer":""` + edits + `}`
	}
	status, made := b.Call(t, "POST", path, stated(""))
	if status != 201 || made["author"] != "manager" || made["answeredBy"] != "" || made["answeredAt"] != nil {
		t.Fatalf("%d %v", status, made)
	}
	one := fmt.Sprint("/api/wishes/", made["id"])
	for edits, code := range map[string]string{
		`,"body":" "`:              "input.required",
		`,"answer":"好"`:            "wish.answer.of_open",
		`,"status":"declined"`:     "wish.answer.missing",
		`,"wantedOn":"übermorgen"`: "input.format",
	} {
		if status, doc := b.Call(t, "PUT", one, stated(edits+`,"version":1`)); status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%s: %d %v, want %s", edits, status, doc, code)
		}
	}
	status, doc := x.as(t, "head-a").Call(t, "PUT", one, stated(`,"status":"answered","answer":"降一成","version":1`))
	if status != 200 || doc["answeredBy"] != "head-a" || doc["version"] != 2.0 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc := b.Call(t, "PUT", one, stated(`,"version":1`)); status != 409 || doc["current"].(map[string]any)["answer"] != "降一成" {
		t.Errorf("a save on an old version: %d %v", status, doc)
	}
	if status, doc := b.Call(t, "PUT", one, stated(`,"body":"两条专线降价","status":"answered","answer":"降一成","version":2`)); status != 200 || doc["answeredBy"] != "head-a" {
		t.Errorf("the wish is corrected, and its answer stays who gave it: %d %v", status, doc)
	}
	if status, doc := b.Call(t, "PUT", one, stated(`,"version":3`)); status != 200 || doc["answeredBy"] != "" || doc["answeredAt"] != nil {
		t.Errorf("opened again: %d %v", status, doc)
	}
	if _, err := x.all.Situations.Add(t.Context(), x.Manager, c.ID, situation.Facts{OfDay: today().AddDate(0, 0, -2), Sales: situation.Rises}); err != nil {
		t.Fatal(err)
	}
	events, _, err := x.all.Overview.Timeline(t.Context(), x.Manager, c.ID, []overview.Kind{overview.OfWish}, nil)
	var told []string
	for _, e := range events {
		told = append(told, e.Action)
	}
	if err != nil || fmt.Sprint(told) != "[wish.change wish.change wish.change wish.made]" {
		t.Errorf("timeline: %v %v", told, err)
	}
	m, err := x.all.Merges.Make(t.Context(), x.HeadA, merge.Order{SurvivorID: into.ID, SurvivorVersion: 1, MergedID: c.ID, MergedVersion: 1, Reason: "同"})
	if err != nil || m.Moved["wish"] != 1 || m.Moved["situation"] != 1 {
		t.Fatalf("%v %v", m.Moved, err)
	}
	if _, err := x.all.Wishes.Add(t.Context(), x.Manager, c.ID, wish.Facts{Kind: wish.Price, Body: "降价", Status: wish.Open}); err == nil {
		t.Error("a merged customer takes a wish")
	}
	if _, err := x.all.Merges.Undo(t.Context(), x.HeadA, m.ID); err != nil {
		t.Fatal(err)
	}
	wishes, err := x.all.Wishes.Of(t.Context(), x.Manager, c.ID)
	notes, errOfNotes := x.all.Situations.List(t.Context(), x.Manager, c.ID)
	if err != nil || errOfNotes != nil || len(wishes) != 1 || len(notes) != 1 {
		t.Errorf("after the merge was undone: %v %v, %v %v", wishes, err, notes, errOfNotes)
	}
}

// TestOpenWishesAreListedByScopeAndFilter also goes through more than a page, among wishes of one day and of none.
func TestOpenWishesAreListedByScopeAndFilter(t *testing.T) {
	x := newSite(t)
	secret := customertest.Facts("丙公司", x.ColleagueUnit.ID)
	secret.Sensitive = true
	mine, colleague := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID)), x.Add(t, customertest.Facts("乙公司", x.ColleagueUnit.ID))
	hidden, stranger := x.Add(t, secret), x.Add(t, customertest.Facts("丁公司", x.StrangerUnit.ID))
	add := func(id int64, kind wish.Kind, days int) {
		t.Helper()
		f := wish.Facts{Kind: kind, Body: "期望", Status: wish.Open}
		if days != 0 {
			day := today().AddDate(0, 0, days)
			f.WantedOn = &day
		}
		if _, err := x.all.Wishes.Add(t.Context(), x.Everybody, id, f); err != nil {
			t.Fatal(err)
		}
	}
	for range 30 {
		add(mine.ID, wish.Product, 0)
		add(mine.ID, wish.Price, 20)
	}
	add(mine.ID, wish.Price, -3)
	add(colleague.ID, wish.Network, 5)
	add(hidden.ID, wish.Network, 5)
	add(stranger.ID, wish.Network, 500)
	if _, err := x.all.Wishes.Add(t.Context(), x.Everybody, mine.ID, wish.Facts{Kind: wish.Price, Body: "降价", Status: wish.Declined, Answer: "不行"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caller account.Caller
		filter wish.Filter
		total  int
	}{
		{x.Manager, wish.Filter{}, 61},
		{x.HeadA, wish.Filter{}, 62},
		{x.Administrator, wish.Filter{}, 64},
		{x.Administrator, wish.Filter{Kinds: []wish.Kind{wish.Network}}, 3},
		{x.Administrator, wish.Filter{Days: 30}, 33},
		{x.Administrator, wish.Filter{UnitID: x.DepartmentB.ID}, 1},
		{x.HeadA, wish.Filter{UnitID: x.ManagerUnit.ID, Days: 30}, 31},
	} {
		seen, before, total := map[int64]bool{}, "", 0
		for more := true; more; {
			page, err := x.all.Wishes.List(t.Context(), c.caller, c.filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range page.Items {
				at := "9999"
				if w.WantedOn != nil {
					at = w.WantedOn.Format(time.DateOnly)
				}
				if at < before {
					t.Errorf("%s stands below %s", at, before)
				}
				before, seen[w.ID] = at, true
				c.filter.After = &wish.Place{Day: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), ID: w.ID}
				if w.WantedOn != nil {
					c.filter.After.Day = *w.WantedOn
				}
			}
			more, total = page.More, page.Total
		}
		if len(seen) != c.total || total != c.total {
			t.Errorf("%s, %+v: %d wishes, and a total of %d, want %d", c.caller.Login, c.filter, len(seen), total, c.total)
		}
	}
	_, doc := x.as(t, "manager").Call(t, "GET", "/api/wishes?kind=price,product", "")
	if doc["total"] != 61.0 || doc["overdue"] != 1.0 || doc["more"] != false || len(doc["items"].([]any)) != 50 {
		t.Errorf("%v of %v, %v overdue", len(doc["items"].([]any)), doc["total"], doc["overdue"])
	}
	if _, doc = x.as(t, "manager").Call(t, "GET", fmt.Sprint("/api/wishes?after=", doc["next"]), ""); len(doc["items"].([]any)) != 11 || doc["next"] != "" {
		t.Errorf("the second page: %v", doc)
	}
	if status, _ := x.as(t, "manager").Call(t, "GET", "/api/wishes?after=x", ""); status != 422 {
		t.Errorf("a place that is none: %d", status)
	}
	nobody := x.Manager
	nobody.Role = account.HeadquartersAnalyst
	if _, err := x.all.Wishes.List(t.Context(), nobody, wish.Filter{}); !fault.Is(err, fault.Denied) {
		t.Errorf("without customer.read: %v", err)
	}
}
