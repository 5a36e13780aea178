package province_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jike/internal/pg"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/customer/customertest"
	"jike/province/document"
	"jike/province/interaction"
	"jike/province/merge"
	"jike/province/overview"
	"jike/province/subscription"
)

func TestAnInteractionIsEnteredAndCorrected(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	person, err := x.all.Contacts.Add(t.Context(), x.Manager, c.ID, contact.Facts{Role: contact.Decision, Name: "周虚构"})
	if err != nil {
		t.Fatal(err)
	}
	b, path := x.as(t, "manager"), fmt.Sprintf("/api/customers/%d/interactions", c.ID)
	stated := func(edits string) string {
		return `{"contactId":` + fmt.Sprint(person.ID) + `,"channel":"visit","at":"2026-01-02T03:04:05Z","subject":"拜访","body":"谈专线","nextStep":"报价","nextOn":"2026-02-01","nextDone":false` + edits + `}`
	}
	status, made := b.Call(t, "POST", path, stated(""))
	if status != 201 || made["contactName"] != "周虚构" || made["author"] != "manager" || made["nextOn"] != "2026-02-01" {
		t.Fatalf("%d %v", status, made)
	}
	one := fmt.Sprint("/api/interactions/", made["id"])
	if status, doc := b.Call(t, "PUT", one, stated(`,"nextDone":true,"version":1`)); status != 200 || doc["nextDone"] != true || doc["version"] != 2.0 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc := b.Call(t, "PUT", one, stated(`,"version":1`)); status != 409 || doc["current"].(map[string]any)["version"] != 2.0 {
		t.Errorf("a save on an old version: %d %v", status, doc)
	}
	for edits, code := range map[string]string{
		`,"subject":" "`:                   "input.required",
		`,"at":"2126-01-02T03:04:05Z"`:     "interaction.at.future",
		`,"nextOn":""`:                     "interaction.next.incomplete",
		`,"nextStep":"","nextDone":true`:   "interaction.next.none",
		`,"contactId":9999`:                "contact.unknown",
		`,"nextOn":"morgen"`:               "input.format",
		`,"nextStep":"","nextOn":"2026-2"`: "input.format",
	} {
		if status, doc := b.Call(t, "POST", path, stated(edits)); status != 422 || !strings.Contains(fmt.Sprint(doc), code) {
			t.Errorf("%s: %d %v, want %s", edits, status, doc, code)
		}
	}
	if err := x.all.Contacts.Remove(t.Context(), x.Manager, person.ID, person.Version); err != nil {
		t.Fatal(err)
	}
	if status, doc := b.Call(t, "PUT", one, stated(`,"contactId":null,"subject":"回访","version":2`)); status != 200 || doc["contactName"] != "周虚构" {
		t.Errorf("after the contact was removed: %d %v", status, doc)
	}
	const trail = `SELECT string_agg(action || ' ' || coalesce(after->>'subject', '') || ' ' || coalesce(before->>'subject', ''), ', ' ORDER BY id) FROM audit.line WHERE object_kind = 'interaction'`
	if got := customertest.Value[string](t, x.DB, trail); got != "interaction.create 拜访 , interaction.change  , interaction.change 回访 拜访" {
		t.Errorf("trail: %s", got)
	}
}

func TestAnInteractionKeepsItsDocuments(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	into := x.Add(t, customertest.Facts("甲有限公司", x.ManagerUnit.ID))
	i, err := x.all.Interactions.Add(t.Context(), x.Manager, c.ID, interaction.Facts{Channel: interaction.Visit, At: time.Now(), Subject: "拜访"})
	if err != nil {
		t.Fatal(err)
	}
	b, path := x.as(t, "manager"), fmt.Sprintf("/api/interactions/%d/documents", i.ID)
	_, minutes := b.Call(t, "POST", path, `{"name":"纪要.txt","content":"5Y2P6K6u"}`)
	status, list := b.Call(t, "POST", path, `{"name":"报价.txt","content":"5oql5Lu3"}`)
	if status != 201 || list["interactionId"] != float64(i.ID) || list["contractId"] != nil {
		t.Fatalf("%v, %d %v", minutes, status, list)
	}
	if status, doc := b.Call(t, "POST", path, `{"name":"又.txt","content":"5oql5Lu3"}`); status != 409 || !strings.Contains(fmt.Sprint(doc), "document.exists") {
		t.Errorf("the same again: %d %v", status, doc)
	}
	told := func(customer int64) (told string) {
		t.Helper()
		events, _, err := x.all.Overview.Timeline(t.Context(), x.Manager, customer, []overview.Kind{overview.OfInteraction}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			told += e.Action
			if documents, ok := e.After["documents"].([]any); ok {
				for _, d := range documents {
					told += " " + d.(map[string]any)["name"].(string)
				}
			}
			told += ", "
		}
		return told
	}
	if got := told(c.ID); got != "interaction.held 纪要.txt 报价.txt, " {
		t.Errorf("timeline: %s", got)
	}
	m, err := x.all.Merges.Make(t.Context(), x.HeadA, merge.Order{SurvivorID: into.ID, SurvivorVersion: 1, MergedID: c.ID, MergedVersion: 1, Reason: "同"})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(into.ID); got != "interaction.held 纪要.txt 报价.txt, " {
		t.Errorf("timeline of the survivor: %s", got)
	}
	if status, doc := b.Call(t, "GET", fmt.Sprintf("/api/customers/%d/documents", into.ID), ""); status != 200 || len(doc["items"].([]any)) != 2 {
		t.Errorf("documents of the survivor: %d %v", status, doc)
	}
	if status, _, content := b.Raw(t, "GET", fmt.Sprint("/api/documents/", minutes["id"]), ""); status != 200 || string(content) != "协议" {
		t.Errorf("%d %q", status, content)
	}
	if _, err := x.all.Merges.Undo(t.Context(), x.HeadA, m.ID); err != nil {
		t.Fatal(err)
	}
	if status, doc := b.Call(t, "DELETE", fmt.Sprint("/api/documents/", minutes["id"]), ""); status != 204 {
		t.Fatalf("%d %v", status, doc)
	}
	if got := told(c.ID); got != "document.remove, interaction.held 报价.txt, " {
		t.Errorf("timeline after the merge was undone and one removed: %s", got)
	}
	for range 49 {
		if _, err := x.all.Documents.Add(t.Context(), x.Manager, document.OfInteraction, i.ID, "a.txt", []byte(rand.Text())); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.all.Documents.Add(t.Context(), x.Manager, document.OfInteraction, i.ID, "a.txt", []byte("a")); err == nil || !strings.Contains(err.Error(), "document.too_many") {
		t.Errorf("the 51st: %v", err)
	}
}

func TestTheTimelineHasAllSourcesInOrderAndByPages(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	other := x.Add(t, customertest.Facts("甲有限公司", x.ManagerUnit.ID))
	k := x.agree(t, c.ID, agreed("HT1", -100, 20, 100))
	if _, _, err := x.all.Contracts.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Documents.Add(t.Context(), x.Manager, document.OfContract, k.ID, "a.txt", []byte("a")); err != nil {
		t.Fatal(err)
	}
	month := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	x.InTx(t, func(tx pg.Tx) {
		if _, err := x.all.Bills.PutBatch(t.Context(), tx, x.BOSS, []bill.Line{
			{CustomerNumber: c.Number, Month: month, AmountFen: 100, PaidFen: 40},
			{CustomerNumber: other.Number, Month: month, AmountFen: 10},
			{CustomerNumber: c.Number, Month: month.AddDate(0, 1, 0), AmountFen: 100, PaidFen: 100},
		}); err != nil {
			t.Fatal(err)
		}
		ended := month.AddDate(0, 2, 0)
		if _, err := x.all.Subscriptions.Add(t.Context(), tx, x.BOSS, c.ID, subscription.Facts{
			ProductCode: "P1", ProductName: "专线", Quantity: 1, MonthlyFeeFen: 1, Status: subscription.Terminated, StartedOn: month, EndedOn: &ended,
		}); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := x.all.Merges.Make(t.Context(), x.HeadA, merge.Order{SurvivorID: c.ID, SurvivorVersion: 1, MergedID: other.ID, MergedVersion: 1, Reason: "同"}); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if _, err := x.all.Interactions.Add(t.Context(), x.Manager, c.ID, interaction.Facts{
			Channel: interaction.Phone, At: month.AddDate(0, 0, i/2), Subject: fmt.Sprint("来电", i), // pairs at one moment
		}); err != nil {
			t.Fatal(err)
		}
	}
	var all []overview.Event
	var after *overview.Place
	pages := 0
	for more := true; more; pages++ {
		list, next, err := x.all.Overview.Timeline(t.Context(), x.Manager, c.ID, nil, after)
		if err != nil {
			t.Fatal(err)
		}
		if all, more = append(all, list...), next; len(list) > 0 {
			after = &list[len(list)-1].Place
		}
	}
	kinds, actions := map[overview.Kind]int{}, map[string]bool{}
	for i, e := range all {
		kinds[e.Kind]++
		actions[e.Action] = true
		if i > 0 && e.At.After(all[i-1].At) {
			t.Errorf("%s of %s stands below what was before it", e.Action, e.At)
		}
		if e.Kind == overview.OfBill && fmt.Sprint(e.After) != "map[amountFen:110 month:2026-01 paidFen:40]" {
			t.Errorf("what is not paid of both: %v", e.After)
		}
	}
	if pages != 2 || kinds[overview.OfInteraction] != 40 || kinds[overview.OfBill] != 1 || kinds[overview.OfMerge] != 1 || kinds[overview.OfSubscription] != 2 {
		t.Errorf("%d pages, %v", pages, kinds)
	}
	for _, want := range []string{"contract.create", "contract.signed", "contract.notice", "document.add", "subscription.start", "subscription.end", "customer.create"} {
		if !actions[want] {
			t.Errorf("no %s in %v", want, actions)
		}
	}
	list, more, err := x.all.Overview.Timeline(t.Context(), x.Manager, c.ID, []overview.Kind{overview.OfContract}, nil)
	if err != nil || more || len(list) != 4 || slices.ContainsFunc(list, func(e overview.Event) bool { return e.Kind != overview.OfContract }) {
		t.Errorf("only contracts: %v %v", list, err)
	}
	if status, doc := x.as(t, "manager").Call(t, "GET", fmt.Sprintf("/api/customers/%d/timeline?kind=bill,merge", c.ID), ""); status != 200 || len(doc["items"].([]any)) != 2 {
		t.Errorf("%d %v", status, doc)
	}
}
