package province_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"jike/xmlapi/journal"
)

// note writes a line of the partner journal and gives its id.
func (x *site) note(t *testing.T, l journal.Line) int64 {
	t.Helper()
	l.Direction = "in"
	if l.At.IsZero() {
		l.At = time.Now()
	}
	if err := x.all.Journal.InTx(t.Context(), func(tx journal.Tx) error { return tx.Note(t.Context(), l) }); err != nil {
		t.Fatal(err)
	}
	found, err := x.all.Journal.Search(t.Context(), journal.Filter{TransID: l.TransID})
	if err != nil || len(found.Lines) == 0 {
		t.Fatalf("%+v %v", found, err)
	}
	return found.Lines[0].ID
}

func TestThePartnerJournalIsFilteredAndPaged(t *testing.T) {
	x := newSite(t)
	start := time.Now().Truncate(time.Second).UTC()
	var last int64
	for i := range 6 {
		last = x.note(t, journal.Line{
			At: start.Add(time.Duration(i) * time.Second), KeyID: "boss-1", Origin: "BOSS", TransID: fmt.Sprint("T", i), Carriage: "form",
			BusinessKey: fmt.Sprint("59", i%2), Code: []string{"0000", "0103", "2998"}[i%3], DurationUS: 1500, Request: "<a>张*</a>", Reply: "<b/>",
		})
	}
	b := x.as(t, "administrator")
	instant := func(seconds int) string {
		return url.QueryEscape(start.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339))
	}
	for query, want := range map[string]string{
		"":                                "T5 T4 T3 T2 T1 T0",
		"?from=" + instant(4):             "T5 T4",
		"?to=" + instant(2):               "T1 T0",
		"?partner=BOSS&code=0103":         "T4 T1",
		"?partner=boss-1&businessKey=590": "T4 T2 T0",
		"?partner=CRM":                    "",
		"?transId=T3":                     "T3",
		"?direction=out":                  "",
		"?direction=in&size=2&page=2":     "T3 T2",
	} {
		status, doc := b.Call(t, "GET", "/api/exchanges"+query, "")
		if status != 200 {
			t.Errorf("%s: %d %v", query, status, doc)
			continue
		}
		var got []string
		for _, item := range doc["items"].([]any) {
			got = append(got, item.(map[string]any)["transId"].(string))
		}
		if strings.Join(got, " ") != want || strings.Contains(query, "page") != (int(doc["total"].(float64)) != len(got)) {
			t.Errorf("%s: %v of %v, want %s", query, got, doc["total"], want)
		}
	}
	for _, query := range []string{"?from=yesterday", "?direction=sideways", "?size=101", "?page=0", "?page=9999&size=100", "?q=x"} {
		if status, doc := b.Call(t, "GET", "/api/exchanges"+query, ""); status != 422 {
			t.Errorf("%s: %d %v", query, status, doc)
		}
	}
	status, doc := b.Call(t, "GET", fmt.Sprint("/api/exchanges/", last), "")
	if status != 200 || doc["request"] != "<a>张*</a>" || doc["reply"] != "<b/>" || doc["transId"] != "T5" || doc["durationUs"] != 1500.0 {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := b.Call(t, "GET", "/api/exchanges/999999", ""); status != 404 || doc["code"] != "journal.not_found" {
		t.Errorf("%d %v", status, doc)
	}
}
