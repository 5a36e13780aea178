package province_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/province"
	"jike/province/customer/customertest"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
	"jike/xmlapi/server"
	"jike/xmlapi/shape"
	"jike/xmlapi/shape/shapetest"
)

// published are the files of every message: its request and its reply.
var published = map[string]string{"T4011003": "group-customer-sync", "T4990001": "group-customer-query", "T4990002": "monthly-bill-batch"}

func operations() []server.Operation {
	return province.NewStores(nil, customertest.Province, time.UTC).Operations()
}

func TestSchemasSayWhatTheNodeChecks(t *testing.T) {
	for _, op := range operations() {
		name := published[op.Activity]
		if name == "" {
			t.Fatalf("%s %s is not published", op.BIP, op.Activity)
		}
		shapetest.Golden(t, filepath.Join(schemas, name+"-req.xsd"), shapetest.XSD(&op.Request, op.Request.Note))
		shapetest.Golden(t, filepath.Join(schemas, name+"-rsp.xsd"), shapetest.XSD(&op.Reply, op.Reply.Note))
	}
}

func TestTheListOfMessagesIsPublished(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Messages

What a provincial node answers, in the envelope of envelope-*.xsd. The shape is that of the public InterBOSS samples; the
official volumes are not public, so it is InterBOSS-style and does not claim to conform. Codes marked "ours" have no public
number that is known to us; their digits Z0 and 499 are used by nobody.

| BIPCode | ActivityCode | message | codes | request | reply |
|---|---|---|---|---|---|
`)
	for _, op := range operations() {
		codes := map[bool]string{true: "public", false: "ours"}[op.Public]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s in %s-req.xsd | %s in %s-rsp.xsd |\n",
			op.BIP, op.Activity, op.Name, codes, op.Request.Name, published[op.Activity], op.Reply.Name, published[op.Activity])
	}
	b.WriteString("\nEvery kind of fault is in faults.md, what of a customer belongs to whom in ownership.md, samples are in samples/.\n")
	shapetest.Golden(t, filepath.Join(schemas, "messages.md"), b.String())
}

// ready makes the world of the samples: the second time a number is used it is there already.
func (p *partners) ready(t *testing.T) {
	t.Helper()
	p.must(t, sample(t, syncReq))
}

func TestGoodSamplesAreAccepted(t *testing.T) {
	p := newPartners(t)
	for _, name := range []string{syncReq, billReq, queryReq} {
		r := p.must(t, sample(t, name))
		op := operationOf(t, name)
		if err := shape.Check(r.Content, &op.Reply); err != nil {
			t.Errorf("%s: the reply does not fit its description: %v", name, err)
		}
		xsd := filepath.Join(schemas, strings.TrimSuffix(name, "-req")+"-rsp.xsd")
		if valid := shapetest.Valid(t, xsd, []string{shapetest.Text(t, r.Content)}); !valid[0] {
			t.Errorf("%s: xmllint refuses the reply", name)
		}
	}
	// The reply as a whole is valid too.
	r := p.must(t, sample(t, queryReq))
	if valid := shapetest.Valid(t, filepath.Join(schemas, "envelope-reply.xsd"), []string{string(r.Raw)}); !valid[0] {
		t.Errorf("xmllint refuses %s", r.Raw)
	}
}

func operationOf(t *testing.T, sample string) server.Operation {
	t.Helper()
	for _, op := range operations() {
		if published[op.Activity]+"-req" == sample {
			return op
		}
	}
	t.Fatalf("no operation for %s", sample)
	return server.Operation{}
}

// refusedBySchema says whether a reply is a refusal of the layer "schema", by its published codes.
func refusedBySchema(r client.Reply) bool {
	return r.Status == 200 && r.Response.Type == envelope.Business && strings.HasPrefix(r.Response.Desc, "schema.")
}

func TestWhatXmllintRefusesTheNodeRefuses(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	codes := map[string]bool{} // that the layer "schema" may answer
	for _, row := range faults(t) {
		codes[row.rspCode] = codes[row.rspCode] || row.layer == "schema"
	}
	for _, name := range []string{syncReq, queryReq, billReq} {
		root := sample(t, name)
		mutants := append(shapetest.Mutants(root), shapetest.Values(root)...)
		texts := []string{shapetest.Text(t, root)}
		for _, m := range mutants {
			texts = append(texts, shapetest.Text(t, m.Root))
		}
		valid := shapetest.Valid(t, filepath.Join(schemas, name+".xsd"), texts)
		if !valid[0] {
			t.Errorf("%s: xmllint refuses the good sample", name)
		}
		refused := 0
		for i, m := range mutants {
			r := p.send(t, m.Root)
			switch bySchema := refusedBySchema(r); {
			case valid[i+1] && bySchema && !stricter(m):
				t.Errorf("%s, %s %s: xmllint accepts it, we say %+v", name, m.Element, m.Change, r.Response)
			case !valid[i+1] && !bySchema:
				t.Errorf("%s, %s %s: xmllint refuses it, we say %+v", name, m.Element, m.Change, r.Response)
			case !valid[i+1]:
				refused++
				if !strings.Contains(r.Response.Desc, m.Element) || !codes[r.Response.Code] {
					t.Errorf("%s, %s %s: the refusal does not name the element, or has another code: %+v", name, m.Element, m.Change, r.Response)
				}
			}
		}
		if refused < len(root.FindElements(".//*")) {
			t.Errorf("%s: only %d of %d mutants are refused", name, refused, len(mutants))
		}
		t.Logf("%s: %d mutants, %d refused", name, len(mutants), refused)
	}
}

// stricter says whether we may refuse what XSD lets through: a number has one form here, and a day
// must be in the calendar.
func stricter(m shapetest.Mutant) bool { return strings.HasPrefix(m.Change, "says ") }

func TestWhatXmllintRefusesOfAnEnvelopeTheNodeRefuses(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	query := sample(t, queryReq)
	_, goodBody := envelope.WriteRequest(p.header(query.Tag), query, charset.UTF8)
	for _, name := range []string{"envelope-head", "envelope-body", "envelope-single"} {
		root := sample(t, name)
		mutants := append(shapetest.Mutants(root), shapetest.Values(root)...)
		texts := make([]string, len(mutants))
		for i, m := range mutants {
			texts[i] = shapetest.Text(t, m.Root)
		}
		valid := shapetest.Valid(t, filepath.Join(schemas, name+".xsd"), texts)
		refused := 0
		for i, m := range mutants {
			if valid[i] {
				continue
			}
			r := p.envelope(t, name, texts[i], goodBody)
			if r.Status != 400 || r.Response.Type != envelope.System || !strings.Contains(r.Response.Desc, m.Element) {
				t.Errorf("%s, %s %s: xmllint refuses it, we say %d %+v", name, m.Element, m.Change, r.Status, r.Response)
			}
			if want := map[bool]string{true: "0106", false: "0105"}[name == "envelope-body"]; r.Response.Code != want {
				t.Errorf("%s, %s %s: code %s, want %s", name, m.Element, m.Change, r.Response.Code, want)
			}
			refused++
		}
		t.Logf("%s: %d mutants, %d refused", name, len(mutants), refused)
	}
}

// envelope sends a document of an envelope with good ones around it.
func (p *partners) envelope(t *testing.T, name, text string, goodBody []byte) client.Reply {
	t.Helper()
	m := carriage.Message{Kind: carriage.Multipart, Head: []byte(text), Body: goodBody}
	switch name {
	case "envelope-single":
		m = carriage.Message{Kind: carriage.Single, Head: []byte(text)}
	case "envelope-body":
		m.Head, _ = envelope.WriteRequest(p.header("GroupCustomerQueryReq"), nil, charset.UTF8)
		m.Body = []byte(text)
	}
	contentType, body := carriage.Write(m)
	r, err := p.client.Post(t.Context(), contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := envelope.ReadReply(r.Raw)
	if err != nil {
		t.Fatalf("%s: %v", r.Raw, err)
	}
	r.Answer = answer
	return r
}
