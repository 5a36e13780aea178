package envelope_test

import (
	"os"
	"path/filepath"
	"testing"

	"jike/xmlapi/charset"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
)

// seeds are the published samples, and documents near the edge of what is accepted.
func seeds(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(schemas, "samples", name+".xml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		`<?xml version="1.0" encoding="GBK"?><InterBOSS><Version>0100</Version><Response><RspType>1</RspType><RspCode>0105</RspCode><RspDesc>` +
			"\xbc\xaf&#131072;" + `</RspDesc></Response></InterBOSS>`,
		`<?xml version="1.0" encoding="UTF-8"?><InterBOSS><Version>0100</Version><Response><RspType>0</RspType><RspCode>0000</RspCode><RspDesc></RspDesc></Response>` +
			`<SvcCont>&lt;a b="&amp;#10;"&gt;]]&amp;gt;&amp;#13;&lt;/a&gt;</SvcCont></InterBOSS>`,
	} {
		f.Add([]byte(text))
	}
}

// A reply that can be read is read the same from what is written of it.
func FuzzReadReply(f *testing.F) {
	seeds(f, "envelope-reply")
	f.Fuzz(func(t *testing.T, text []byte) {
		a, c, err := envelope.ReadReply(text)
		if err != nil {
			return
		}
		if h := a.Header; h.TransIDO != "" && (h.BIPCode == "" || h.OrigDomain == "" || h.TestFlag == "") {
			return // a reply that names a part of its request: ours name all of it or nothing
		}
		if a.Header.TransIDO == "" {
			a.Header = envelope.Header{}
		}
		written := envelope.WriteReply(a, c)
		again, set, err := envelope.ReadReply(written)
		if err != nil {
			t.Fatalf("%q was read, and written as %q: %v", text, written, err)
		}
		again.Header.Version = a.Header.Version // an empty header is written with the version alone
		if set != c || again.Header != a.Header || again.Response != a.Response || document.Digest(again.Content) != document.Digest(a.Content) {
			t.Fatalf("%q became %q", text, written)
		}
	})
}

// A request that can be read is read the same from what is written of it, as one document and as
// two, in every character set.
func FuzzReadRequest(f *testing.F) {
	seeds(f, "envelope-single", "envelope-head", "envelope-body")
	f.Fuzz(func(t *testing.T, text []byte) {
		root, _, err := document.Read(text, "")
		if err != nil {
			return
		}
		h, err := envelope.ReadHeader(root, &envelope.Single)
		if err != nil {
			return
		}
		content, err := envelope.ReadContent(root)
		if err != nil {
			return
		}
		for _, c := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
			head, body := envelope.WriteRequest(h, content, c)
			single := envelope.WriteSingle(h, content, c)
			for _, pair := range [][2][]byte{{head, body}, {single, single}} {
				back, set, err := document.Read(pair[0], "")
				if err != nil || set != c {
					t.Fatalf("%q was written as %q: %v", text, pair[0], err)
				}
				spec := &envelope.Head
				if &pair[0][0] == &single[0] {
					spec = &envelope.Single
				}
				again, err := envelope.ReadHeader(back, spec)
				if err != nil || again != h {
					t.Fatalf("%q: header %+v became %+v, %v", text, h, again, err)
				}
				outer, _, err := document.Read(pair[1], "")
				if err != nil {
					t.Fatalf("%q was written as %q: %v", text, pair[1], err)
				}
				message, err := envelope.ReadContent(outer)
				if err != nil || document.Digest(message) != document.Digest(content) {
					t.Fatalf("%q: content became %q, %v", text, pair[1], err)
				}
			}
		}
	})
}
