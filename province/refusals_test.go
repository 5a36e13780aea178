package province_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"jike/internal/pg/pgtest"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
)

// faultRow is one row of the published table of faults.
type faultRow struct{ layer, kind, status, rspType, rspCode string }

// faults reads schemas/xsd/faults.md as a partner would.
func faults(t *testing.T) map[[2]string]faultRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[[2]string]faultRow{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 || cells[0] == "---" || strings.TrimSpace(cells[0]) == "layer" {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[[2]string{cells[0], cells[2]}] = faultRow{cells[0], cells[2], cells[3], cells[4], cells[5]}
	}
	if len(rows) < 30 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

// bad is a request that must be refused.
type bad struct {
	name        string
	layer, kind string // by which its row in the published table is found
	desc        string // what RspDesc holds, such as the element
	make        func(t *testing.T, p *partners) client.Reply
}

// post sends a body with a valid signature.
func post(contentType string, body []byte) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply {
		t.Helper()
		r, err := p.client.Post(t.Context(), contentType, body)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// replaced sends the good query with some bytes replaced.
func replaced(old, replacement string) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply {
		t.Helper()
		return post(p.spoilt(t, sample(t, queryReq), old, replacement))(t, p)
	}
}

// says sends a sample with other texts.
func says(name string, pairs ...string) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply {
		t.Helper()
		return p.send(t, edited(t, sample(t, name), pairs...))
	}
}

// headed sends a good query with another header.
func headed(change func(*envelope.Header)) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply {
		t.Helper()
		h := p.header("GroupCustomerQueryReq")
		change(&h)
		r, err := p.client.Send(t.Context(), h, sample(t, queryReq))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// signed sends a good query with an Authorization made elsewhere.
func signed(sign func(identity.Request) string) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply {
		t.Helper()
		contentType, body := p.client.Pack(p.header("GroupCustomerQueryReq"), sample(t, queryReq), nil)
		r, err := p.client.PostWith(t.Context(), contentType, sign(identity.Request{Method: "POST", URI: "/interboss", Body: body}), body)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// lines is a bill batch with a line for each number.
func lines(count string, numbers ...string) *etree.Element {
	e := etree.NewElement("MonthlyBillBatchReq")
	for _, pair := range [][2]string{{"OprSeq", "5911BIP4Z00220261122101500000001"}, {"BillMonth", "202610"}, {"BillCount", count}} {
		e.CreateElement(pair[0]).SetText(pair[1])
	}
	bills := e.CreateElement("Bills")
	for i, number := range numbers {
		b := bills.CreateElement("Bill")
		b.CreateElement("CustomerNumber").SetText(number)
		b.CreateElement("Amount").SetText(fmt.Sprint(1000 + i))
		b.CreateElement("Paid").SetText("0")
	}
	return e
}

func sent(content *etree.Element) func(*testing.T, *partners) client.Reply {
	return func(t *testing.T, p *partners) client.Reply { t.Helper(); return p.send(t, content) }
}

const (
	startReq = "<GroupCustomerQueryReq>"
	endReq   = "</GroupCustomerQueryReq>"
)

// envelopes are requests that are refused before anybody asks what they say.
var envelopes = []bad{
	{"100 MB", "size", "too large", "size.too_large", post("text/xml", bytes.Repeat([]byte(" "), 100<<20))},
	{"JSON", "carriage", "unsupported", "carriage.media_type", post("application/json", []byte("{}"))},
	{"no head part", "carriage", "header", "element=xmlhead", post("application/x-www-form-urlencoded", []byte("xmlbody=x"))},
	{"no body part", "carriage", "body", "element=xmlbody", post("application/x-www-form-urlencoded", []byte("xmlhead=x"))},
	{"only the head empty", "parse", "header", "xml.empty", post("application/x-www-form-urlencoded", []byte("xmlhead=&xmlbody=x"))},
	{"missing charset", "charset", "unsupported", "charset.missing", replaced(` encoding="UTF-8"`, "")},
	{"wrong charset", "charset", "unsupported", "charset.unknown", replaced(`"UTF-8"`, `"Big5"`)},
	{"two charsets", "charset", "body", "charset.conflict", replaced(`"UTF-8"`, `"GBK"`)},
	{"invalid UTF-8", "charset", "header", "charset.invalid", replaced("<Version>", "\xff<Version>")},
	{"invalid GBK", "charset", "header", "charset.invalid", post("text/xml", []byte(`<?xml version="1.0" encoding="GBK"?><InterBOSS>`+"\x81\x20</InterBOSS>"))},
	{"DTD", "parse", "header", "xml.doctype", replaced("<InterBOSS><Version>", "<!DOCTYPE x SYSTEM \"file:///etc/hostname\"><InterBOSS><Version>")},
	{"DTD inside", "parse", "body", "xml.doctype", replaced(startReq, `<!DOCTYPE a [<!ENTITY b "c">]>`+startReq)},
	{"two roots", "parse", "header", "xml.two_roots", replaced("</InterBOSS>", "</InterBOSS><InterBOSS/>")},
	{"two roots inside", "parse", "body", "xml.two_roots", replaced(endReq, endReq+"<b/>")},
	{"trailing bytes", "parse", "header", "xml.trailing", replaced("</InterBOSS>", "</InterBOSS>x")},
	{"trailing bytes inside", "parse", "body", "xml.trailing", replaced(endReq, endReq+"\u00a0")},
	{"depth 10,000", "parse", "header", "xml.depth", replaced("<InterBOSS>", strings.Repeat("<a>", 10000)+strings.Repeat("</a>", 10000))},
	{"depth 10,000 inside", "parse", "body", "xml.depth", replaced(startReq, strings.Repeat("<a>", 10000)+strings.Repeat("</a>", 10000))},
	{"duplicate attribute", "parse", "body", "xml.duplicate_attribute", replaced(startReq, `<GroupCustomerQueryReq a="" a="">`)},
	{"unbound prefix", "parse", "body", "xml.unbound_prefix", replaced(startReq, `<x:a/>`)},
	{"duplicate header element", "header", "header", "element=TestFlag", replaced("<TestFlag>0</TestFlag>", "<TestFlag>0</TestFlag><TestFlag>0</TestFlag>")},
	{"two SvcCont", "parse", "body", "element=SvcCont", replaced("</SvcCont>", "</SvcCont><SvcCont></SvcCont>")},
	{"nobody", "identity", "unauthenticated", "identity.missing", signed(func(identity.Request) string { return "" })},
	{"wrong key", "identity", "unauthenticated", "identity.signature", signed(func(r identity.Request) string {
		return identity.Sign("boss", []byte("fedcba9876543210fedcba9876543210"), r, time.Now())
	})},
	{"unknown key", "identity", "unauthenticated", "identity.signature", signed(func(r identity.Request) string {
		return identity.Sign("nobody", partnerSecret, r, time.Now())
	})},
	{"stale time", "identity", "unauthenticated", "identity.time", signed(func(r identity.Request) string {
		return identity.Sign("boss", partnerSecret, r, time.Now().Add(-6*time.Minute))
	})},
	{"time to come", "identity", "unauthenticated", "identity.time", signed(func(r identity.Request) string {
		return identity.Sign("boss", partnerSecret, r, time.Now().Add(6*time.Minute))
	})},
	{"used nonce", "identity", "unauthenticated", "identity.nonce", func(t *testing.T, p *partners) client.Reply {
		contentType, body := p.client.Pack(p.header("GroupCustomerQueryReq"), sample(t, queryReq), nil)
		authorization := identity.Sign("boss", partnerSecret, identity.Request{Method: "POST", URI: "/interboss", Body: body}, time.Now())
		var last client.Reply
		for range 2 {
			r, err := p.client.PostWith(t.Context(), contentType, authorization, body)
			if err != nil {
				t.Fatal(err)
			}
			last = r
		}
		return last
	}},
	{"another's domain", "right", "denied", "element=OrigDomain", headed(func(h *envelope.Header) { h.OrigDomain = "READER" })},
	{"not in the key's list", "right", "denied", "element=ActivityCode", func(t *testing.T, p *partners) client.Reply {
		c, h := *p.client, p.header("GroupCustomerSyncReq")
		c.KeyID, h.OrigDomain = "reader", "READER"
		r, err := c.Send(t.Context(), h, sample(t, syncReq))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}},
	{"another province", "routing", "no route", "element=RouteValue", headed(func(h *envelope.Header) { h.RouteValue = "571" })},
	{"codes that do not go together", "routing", "unknown operation", "element=ActivityCode", headed(func(h *envelope.Header) { h.BIPCode = "BIP4B254" })},
	{"no SvcCont", "schema", "body", "element=GroupCustomerQueryReq", func(t *testing.T, p *partners) client.Reply {
		r, err := p.client.Send(t.Context(), p.header("GroupCustomerQueryReq"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}},
}

// contents are requests that are refused for what they say.
var contents = []bad{
	{"duplicate element", "schema", "body", "element=IdValue", replaced("</IdValue>", "</IdValue><IdValue>1</IdValue>")},
	{"unknown element", "schema", "body", "found=Surprise", replaced(startReq, startReq+"<Surprise/>")},
	{"element of another name space", "schema", "body", "element=IdType", replaced("<IdType>", `<IdType xmlns="urn:x">`)},
	{"letters for a number", "schema", "type", "element=BillMonths", says(queryReq, "BillMonths", "six")},
	{"unknown type of number", "schema", "enumeration", "element=IdType", says(queryReq, "IdType", "09")},
	{"too short", "schema", "too short", "element=CustomerName", says(syncReq, "CustomerInfo/CustomerName", "甲")},
	{"too long", "schema", "too long", "element=CustomerName", says(syncReq, "CustomerInfo/CustomerName", strings.Repeat("甲", 121))},
	{"format", "schema", "format", "element=Region", says(syncReq, "CustomerInfo/Region", "福州")},
	{"below minimum", "schema", "below minimum", "element=Headcount", says(syncReq, "CustomerInfo/Headcount", "-1")},
	{"above maximum", "schema", "above maximum", "element=BillMonths", says(queryReq, "BillMonths", "25")},
	{"no day of the calendar", "schema", "format", "element=Birthday", says(syncReq, "KeyPersons/KeyPerson/Birthday", "20230229")},
	{"wrong check digit", "business", "format", "element=LicenceNumber", says(syncReq, "CustomerInfo/Licence/LicenceNumber", "91000000MA00000158")},
	{"wrong check digit of the organisation code", "business", "format", "element=LicenceNumber", says(syncReq, "CustomerInfo/Licence/LicenceNumber", "91000000MA00000252")},
	{"wrong check digit in a query", "business", "format", "element=IdValue", says(queryReq, "IdType", "02", "IdValue", "91000000MA00000158")},
	{"unknown industry", "business", "enumeration", "element=Industry", says(syncReq, "CustomerInfo/Industry", "99")},
	{"unknown region", "business", "enumeration", "element=Region", says(syncReq, "CustomerInfo/Region", "999900")},
	{"region of another province", "business", "enumeration", "element=Region", says(syncReq, "CustomerInfo/Region", "330100")},
	{"phone", "business", "format", "element=WorkPhone", says(syncReq, "KeyPersons/KeyPerson/WorkPhone", "12")},
	{"number that is taken", "business", "exists", "element=CustomerNumber", says(syncReq, "CustomerInfo/Licence", absent)},
	{"credit code that is taken", "business", "exists", "element=LicenceNumber", says(syncReq, "CustomerNumber", "591S00000009")},
	{"unknown number to change", "business", "not found", "element=CustomerNumber", says(syncReq, "OprType", "02", "CustomerNumber", "591S00000009")},
	{"unknown number to query", "business", "not found", "element=IdValue", says(queryReq, "IdValue", "591S00000009")},
	{"unknown parent", "business", "not found", "element=ParentNumber", says(syncReq, "OprType", "02", "CustomerInfo/ParentNumber", "591S00000009")},
	{"its own parent", "business", "rule", "element=ParentNumber", says(syncReq, "OprType", "02", "CustomerInfo/ParentNumber", sampleNo)},
	{"no way back in the life cycle", "business", "rule", "element=CustomerStatus", says(syncReq, "OprType", "02", "CustomerInfo/CustomerStatus", "1")},
	{"new and suspended", "business", "rule", "element=CustomerStatus", says(syncReq, "CustomerNumber", "591S00000009", "CustomerInfo/Licence", absent, "CustomerInfo/CustomerStatus", "3")},
	{"delete with a record", "business", "rule", "element=CustomerInfo", says(syncReq, "OprType", "03")},
	{"change without a record", "business", "rule", "element=CustomerInfo", says(syncReq, "OprType", "02", "CustomerInfo", absent)},
	{"batch cut short", "business", "format", "element=BillCount", sent(lines("2", sampleNo))},
	{"bill of an unknown customer", "business", "rule", "element=CustomerNumber", sent(lines("2", sampleNo, "591S00000009"))},
	{"two bills of a customer", "business", "rule", "element=CustomerNumber", sent(lines("2", sampleNo, sampleNo))},
	{"other content", "idempotency", "duplicate", "element=TransIDO", func(t *testing.T, p *partners) client.Reply {
		h := p.header("GroupCustomerQueryReq")
		for _, value := range []string{sampleNo, "591S00000009"} {
			r, err := p.client.Send(t.Context(), h, edited(t, sample(t, queryReq), "IdValue", value))
			if err != nil {
				t.Fatal(err)
			}
			if value != sampleNo {
				return r
			}
		}
		return client.Reply{}
	}},
}

func TestBadRequestsGetThePublishedCodeAndChangeNothing(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	table, seen := faults(t), map[[2]string]bool{}
	before := pgtest.Digest(t, p.owner, "journal")
	for _, b := range append(envelopes, contents...) {
		r := b.make(t, p)
		answer, _, err := envelope.ReadReply(r.Raw)
		if err != nil {
			t.Errorf("%s: the reply cannot be read: %v in %q", b.name, err, r.Raw)
			continue
		}
		key := [2]string{b.layer, b.kind}
		want, isPublished := table[key]
		got := faultRow{b.layer, b.kind, fmt.Sprint(r.Status), answer.Response.Type, answer.Response.Code}
		if !isPublished || got != want || !strings.Contains(answer.Response.Desc, b.desc) {
			t.Errorf("%s: %+v %q, want %+v %q", b.name, got, answer.Response.Desc, want, b.desc)
		}
		seen[key] = true
		after := pgtest.Digest(t, p.owner, "journal")
		if !maps.Equal(before, after) {
			t.Fatalf("%s changed a table outside of the journal", b.name)
		}
	}
	// Each has its line in the journal with the layer that refused it.
	var lines int
	if err := p.owner.QueryRow(t.Context(), `SELECT count(*) FROM journal.exchange WHERE layer <> '' AND code <> '0000'`).Scan(&lines); err != nil || lines != len(envelopes)+len(contents) {
		t.Errorf("%d lines for %d refusals, %v", lines, len(envelopes)+len(contents), err)
	}
	// What no request can bring about has tests of its own, or cannot be brought about from outside.
	elsewhere := map[[2]string]string{
		{"load", "too many requests"}:     "xmlapi/server TestABusyNodeSaysSo",
		{"business", "internal"}:          "xmlapi/server TestAFaultOfTheNodeKeepsNothing",
		{"business", "unavailable"}:       "TestAnExchangeSurvivesACrashOfTheDatabase",
		{"business", "timeout"}:           "xmlapi/server TestWorkThatTakesTooLongIsGivenUp",
		{"business", "too many requests"}: "no operation asks for more than the layer load",
		{"business", "denied"}:            "the role of partners has every permission that messages ask for",
		{"business", "conflict"}:          "messages carry no version",
		{"business", "type"}:              "the schema refuses it", {"business", "too short"}: "the schema refuses it",
		{"business", "too long"}: "the schema refuses it", {"business", "below minimum"}: "the schema refuses it",
		{"business", "above maximum"}: "the schema refuses it",
	}
	for key := range table {
		if !seen[key] && elsewhere[key] == "" {
			t.Errorf("no bad request is refused by %v", key)
		}
	}
}
