package envelope_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"jike/internal/fault"
	"jike/xmlapi/charset"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
	"jike/xmlapi/shape"
	"jike/xmlapi/shape/shapetest"
)

const schemas = "../../schemas/xsd"

// documents are the four documents of the envelope with their XSD and sample.
var documents = []struct {
	name string
	spec *shape.Element
	note string
}{
	{"envelope-head", &envelope.Head, "Header document of a request (xmlhead)."},
	{"envelope-body", &envelope.Body, "Body document of a request (xmlbody). SvcCont holds the message as an XML document of its own."},
	{"envelope-single", &envelope.Single, "A request as one document: header and SvcCont together."},
	{"envelope-reply", &envelope.Reply, "Reply: the header echoed with ActionCode 1, the response, SvcCont if there is content. The header's groups are absent when the request's header could not be read."},
}

func sample(t *testing.T, name string) *etree.Element {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, "samples", name+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := document.Read(text, "")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return root
}

func TestSchemasSayWhatTheCodeChecks(t *testing.T) {
	for _, d := range documents {
		shapetest.Golden(t, filepath.Join(schemas, d.name+".xsd"), shapetest.XSD(d.spec, d.note))
	}
}

func TestWhatXmllintRefusesIsRefused(t *testing.T) {
	for _, d := range documents {
		root := sample(t, d.name)
		if err := shape.Check(root, d.spec); err != nil {
			t.Errorf("%s: the good sample is refused: %v", d.name, err)
		}
		mutants := shapetest.Mutants(root)
		texts := []string{shapetest.Text(t, root)}
		for _, m := range mutants {
			texts = append(texts, shapetest.Text(t, m.Root))
		}
		valid := shapetest.Valid(t, filepath.Join(schemas, d.name+".xsd"), texts)
		if !valid[0] {
			t.Errorf("%s: xmllint refuses the good sample", d.name)
		}
		refused := 0
		for i, m := range mutants {
			err := shape.Check(m.Root, d.spec)
			if valid[i+1] != (err == nil) {
				t.Errorf("%s, %s %s: xmllint says valid=%v, we say %v", d.name, m.Element, m.Change, valid[i+1], err)
			}
			if err != nil {
				refused++
				if !strings.Contains(err.Error(), m.Element) {
					t.Errorf("%s, %s %s: the refusal does not name the element: %v", d.name, m.Element, m.Change, err)
				}
			}
		}
		t.Logf("%s: %d mutants, %d refused", d.name, len(mutants), refused)
	}
}

func TestRequestThereAndBack(t *testing.T) {
	h := envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: "BIP4B254", ActivityCode: "T4011003", OrigDomain: "BOSS", RouteType: "00",
		HomeDomain: "BBSS", RouteValue: "591", SessionID: "S1", TransIDO: "T1", TransIDOTime: "20261122101500",
	}
	content := etree.NewElement("Req")
	content.CreateElement("Name").SetText("集團·喆\U00020000]]>&<")
	for _, c := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
		head, body := envelope.WriteRequest(h, content, c)
		root, got, err := document.Read(head, "")
		if err != nil || got != c {
			t.Fatal(got, err)
		}
		back, err := envelope.ReadHeader(root, &envelope.Head)
		if err != nil || back != h {
			t.Fatalf("%s: %+v %v", c, back, err)
		}
		root, _, err = document.Read(body, "")
		if err != nil {
			t.Fatal(err)
		}
		message, err := envelope.ReadContent(root)
		if err != nil || document.Digest(message) != document.Digest(content) {
			t.Fatalf("%s: %v", c, err)
		}
		single, _, err := document.Read(envelope.WriteSingle(h, content, c), "")
		if err != nil {
			t.Fatal(err)
		}
		if back, err = envelope.ReadHeader(single, &envelope.Single); err != nil || back != h {
			t.Fatalf("%s: %+v %v", c, back, err)
		}
	}
}

func TestReplyIsReadAgain(t *testing.T) {
	h := envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: "BIP4B254", ActivityCode: "T4011003", OrigDomain: "BOSS", RouteType: "00",
		HomeDomain: "BBSS", RouteValue: "591", SessionID: "S1", TransIDO: "T1", TransIDOTime: "20261122101500",
		TransIDH: "H1", TransIDHTime: "20261122101501",
	}
	answer := envelope.Answer{Header: h, Response: envelope.Response{Type: envelope.Accepted, Code: envelope.CodeOK, Desc: "ok"}}
	back, c, err := envelope.ReadReply(envelope.WriteReply(answer, charset.GBK))
	if err != nil || c != charset.GBK || back != answer {
		t.Fatalf("%+v %s %v", back, c, err)
	}
	// A request whose header could not be read is answered without the header's groups.
	answer.Header = envelope.Header{}
	if back, _, err = envelope.ReadReply(envelope.WriteReply(answer, charset.UTF8)); err != nil || back.Response != answer.Response {
		t.Fatalf("%+v %v", back, err)
	}
}

func TestContentErrorsAreBodyErrors(t *testing.T) {
	root, _, err := document.Read([]byte(`<?xml version="1.0" encoding="UTF-8"?><InterBOSS><SvcCont>&lt;a&gt;&lt;/b&gt;</SvcCont></InterBOSS>`), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = envelope.ReadContent(root)
	var refused *fault.Error
	if !errors.As(err, &refused) || refused.Kind != fault.Body || refused.Field != "a" {
		t.Fatalf("got %v", err)
	}
}
