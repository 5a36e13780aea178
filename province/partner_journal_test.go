package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/xmlapi/journal"
)

// What people are called, when they were born and how they are reached is in no line of the
// journal, whether the message was taken or refused.
func TestTheJournalShowsNoPersonalData(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	p.must(t, sample(t, queryReq))
	refused := edited(t, sample(t, syncReq), "OprType", "02", "KeyPersons/KeyPerson/WorkPhone", "0591-8700")
	if r := p.send(t, refused); r.Response.Code != "4005" {
		t.Fatalf("%+v", r.Response)
	}
	if r := p.send(t, edited(t, sample(t, syncReq), "KeyPersons/KeyPerson/Birthday", "19801340")); r.Response.Code != "4005" {
		t.Fatalf("%+v", r.Response)
	}
	page, err := p.Journal.Search(t.Context(), journal.Filter{})
	if err != nil || page.Total != 4 {
		t.Fatal(page, err)
	}
	for _, l := range page.Lines {
		l, err := p.Journal.Find(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%+v", l)
		for _, secret := range []string{"张虚构", "李虚构", "王虚构", "13800000001", "19800229", "19801340", "0591-87000001", "0591-8700"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", secret, text)
			}
		}
	}
	// The customer's number is how a line is found.
	page, err = p.Journal.Search(t.Context(), journal.Filter{BusinessKey: sampleNo, Partner: "BOSS"})
	if err != nil || page.Total != 3 {
		t.Errorf("%d lines of the customer, %v", page.Total, err)
	}
}
