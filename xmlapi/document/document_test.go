package document

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"jike/xmlapi/charset"
)

const utf8Declaration = `<?xml version="1.0" encoding="UTF-8"?>`

func TestHostileDocumentsAreRefusedWithTheirCode(t *testing.T) {
	deep := strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000)
	for _, tc := range []struct{ name, text, code string }{
		{"empty", "", CodeEmpty},
		{"no charset", "<a/>", CodeCharsetMissing},
		{"no encoding in the declaration", `<?xml version="1.0"?><a/>`, CodeCharsetMissing},
		{"unknown charset", `<?xml version="1.0" encoding="latin1"?><a/>`, CodeCharsetUnknown},
		{"UTF-16", "\xff\xfe<\x00a\x00/\x00>\x00", CodeCharsetMissing},
		{"invalid bytes", utf8Declaration + "<a>\xff</a>", CodeCharsetInvalid},
		{"GBK declared as UTF-8", utf8Declaration + "<a>\xbc\xaf</a>", CodeCharsetInvalid},
		{"declaration only", utf8Declaration, CodeEmpty},
		{"document type", utf8Declaration + `<!DOCTYPE a><a/>`, CodeDoctype},
		{"entity bomb", utf8Declaration + `<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>`, CodeDoctype},
		{"document type inside", utf8Declaration + `<a><!DOCTYPE a></a>`, CodeDoctype},
		{"two roots", utf8Declaration + `<a/><b/>`, CodeTwoRoots},
		{"trailing text", utf8Declaration + `<a/>x`, CodeTrailing},
		{"trailing zero", utf8Declaration + "<a/>\x00", CodeTrailing},
		{"trailing CDATA", utf8Declaration + `<a/><![CDATA[ ]]>`, CodeTrailing},
		{"depth 10,000", utf8Declaration + deep, CodeDepth},
		{"duplicate attribute", utf8Declaration + `<a b="1" b="2"/>`, CodeDuplicateAttribute},
		{"unbound prefix", utf8Declaration + `<x:a/>`, CodeUnboundPrefix},
		{"unbound attribute prefix", utf8Declaration + `<a x:b=""/>`, CodeUnboundPrefix},
		{"prefix out of scope", utf8Declaration + `<a><b xmlns:x="u"/><x:c/></a>`, CodeUnboundPrefix},
		{"unknown entity", utf8Declaration + `<a>&nbsp;</a>`, CodeEntity},
		{"bare ampersand", utf8Declaration + `<a>a & b</a>`, CodeEntity},
		{"reference to no character", utf8Declaration + `<a>&#0;</a>`, CodeEntity},
		{"reference to a surrogate", utf8Declaration + `<a>&#xD800;</a>`, CodeEntity},
		{"control character", utf8Declaration + "<a>\x01</a>", CodeCharacter},
		{"mismatched tag", utf8Declaration + `<a><b></a></b>`, CodeMismatch},
		{"unclosed", utf8Declaration + `<a><b></b>`, CodeUnclosed},
		{"closing without opening", utf8Declaration + `</a>`, CodeMismatch},
		{"]]> in text", utf8Declaration + `<a>]]></a>`, CodeSyntax},
		{"-- in a comment", utf8Declaration + `<a><!-- -- --></a>`, CodeSyntax},
		{"second declaration", utf8Declaration + `<a/>` + utf8Declaration, CodeSyntax},
		{"declaration out of order", `<?xml encoding="UTF-8" version="1.0"?><a/>`, CodeDeclaration},
		{"XML 1.1", `<?xml version="1.1" encoding="UTF-8"?><a/>`, CodeDeclaration},
		{"space before the declaration", "\n" + utf8Declaration + `<a/>`, CodeCharsetMissing},
		{"attribute without value", utf8Declaration + `<a b/>`, CodeSyntax},
		{"attributes run together", utf8Declaration + `<a b="1"c="2"/>`, CodeSyntax},
		{"less-than in an attribute", utf8Declaration + `<a b="<"/>`, CodeSyntax},
		{"name with two colons", utf8Declaration + `<a:b:c xmlns:a="u"/>`, CodeSyntax},
		{"space in a closing tag", utf8Declaration + `<a>< /a>`, CodeSyntax},
	} {
		_, _, err := Read([]byte(tc.text), "")
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != tc.code {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
	}
	_, _, err := Read([]byte(`<?xml version="1.0" encoding="GBK"?><a/>`), "utf-8")
	if refused, ok := errors.AsType[*Error](err); !ok || refused.Code != CodeCharsetConflict {
		t.Errorf("conflicting labels: %v", err)
	}
}

func TestGoodDocuments(t *testing.T) {
	for _, tc := range []struct {
		text string
		want string
		c    charset.Charset
	}{
		{utf8Declaration + "\n<!-- c --><a>x<?p i?>&lt;&#38598;&#x9614;</a>\n", "x<集阔", charset.UTF8},
		{`<?xml version='1.0' encoding='gbk' standalone='yes' ?><a>` + "\xbc\xaf" + `<![CDATA[<b>&amp;]]></a>`, "集<b>&amp;", charset.GBK},
		{"\ufeff" + utf8Declaration + "<a>\r\nx\ry</a>", "\nx\ny", charset.UTF8},
		{`<?xml version="1.0" encoding="GB18030"?><a>` + "\x95\x32\x82\x36</a>", "𠀀", charset.GB18030},
	} {
		root, c, err := Read([]byte(tc.text), "")
		if err != nil || c != tc.c || Text(root) != tc.want {
			t.Errorf("%q: %v %s %v", tc.text, root, c, err)
		}
	}
	if _, err := ReadInner("\r\n" + utf8Declaration + "<a/>"); err != nil {
		t.Errorf("inner document after a newline: %v", err)
	}
	if _, err := ReadInner(`<?xml version="1.0" encoding="EBCDIC"?><a/>`); err == nil {
		t.Error("an inner document in an unknown encoding was accepted")
	}
}

func TestDigestSaysWhatTheDocumentSays(t *testing.T) {
	digestOf := func(text string) [32]byte {
		root, err := ReadInner(text)
		if err != nil {
			t.Fatal(err)
		}
		return Digest(root)
	}
	base := digestOf(`<a><b>x&amp;y</b><c/></a>`)
	for _, same := range []string{
		"<a>\n <b><![CDATA[x&y]]></b>\n <c></c></a>", `<?xml version="1.0"?><a><b>x&#38;y</b><!-- n --><c/></a>`,
	} {
		if digestOf(same) != base {
			t.Errorf("%q has another digest", same)
		}
	}
	for _, other := range []string{`<a><b>x&amp;y </b><c/></a>`, `<a><c/><b>x&amp;y</b></a>`, `<a><b>x&amp;y</b></a>`, `<a><b>x&amp;y<c/></b></a>`} {
		if digestOf(other) == base {
			t.Errorf("%q has the same digest", other)
		}
	}
}

// seeds are documents near the edge of what is accepted.
var seeds = []string{
	utf8Declaration + "<InterBOSS><Version>0100</Version><SvcCont><![CDATA[<?xml version=\"1.0\"?><a/>]]></SvcCont></InterBOSS>",
	utf8Declaration + "\n<!-- c -- ><a b='1' c=\"&lt;2\">x<?p i?>&lt;&#38598;<b/>\r\n</a>\n<?q?>",
	`<?xml version="1.0" encoding="GBK"?><集>` + "\xbc\xaf</a>",
	utf8Declaration + `<a xmlns:x="u" xmlns="v"><x:b x:c="1"/><c xml:lang="zh">]]&gt;</c></a>`,
}

// TestWhatIsAcceptedIsWellFormed breaks documents at random and asks libxml2 about each that is
// accepted here.
func TestWhatIsAcceptedIsWellFormed(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(20261122, 7))
	fragments := []string{"<", ">", "/", "&", ";", "]]>", "<a>", "</a>", "<b/>", "--", "<!--", "-->", "\"", "'", "=", ":", " ", "x:", "<![CDATA[", "<?", "?>", "&#10;", "\x00", "\xff", "é"}
	var files []string
	for i := 0; i < 20000; i++ {
		text := seeds[random.IntN(len(seeds))]
		for range 1 + random.IntN(2) {
			at := random.IntN(len(text) + 1)
			cut := min(len(text), at+random.IntN(4))
			text = text[:at] + fragments[random.IntN(len(fragments))] + text[cut:]
		}
		if _, _, err := Read([]byte(text), ""); err != nil {
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("%05d.xml", i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < 300 {
		t.Fatalf("only %d accepted documents to ask about", len(files))
	}
	for len(files) > 0 {
		n := min(len(files), 1000)
		out, err := exec.Command("xmllint", append([]string{"--noout"}, files[:n]...)...).CombinedOutput()
		if err != nil {
			t.Errorf("accepted here, refused by xmllint (%v):\n%.2000s", err, out)
		}
		files = files[n:]
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, c, err := Read(text, "")
		if err != nil {
			return
		}
		// Written by etree and read again it says the same.
		doc := etree.NewDocumentWithRoot(root.Copy())
		doc.WriteSettings.CanonicalText = true
		written, err := doc.WriteToString()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadInner(written)
		if err != nil {
			t.Fatalf("%q was read, and written as %q: %v", text, written, err)
		}
		if Digest(again) != Digest(root) {
			t.Fatalf("%q became %q", text, written)
		}
		// The standard library, where it can read it, sees the same.
		decoded, err := c.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		other := etree.NewDocument()
		other.ReadSettings.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
		var syntax *xml.SyntaxError
		if _, err := other.ReadFrom(bytes.NewReader([]byte(decoded))); err != nil {
			if !errors.As(err, &syntax) {
				t.Fatal(err)
			}
			return
		}
		if Digest(other.Root()) != Digest(root) {
			t.Fatalf("encoding/xml reads %q otherwise", text)
		}
	})
}
