package document

import (
	"strings"
	"testing"

	"jike/internal/fault"
)

func TestOnlyDocumentsAreTakenAndOnlyForWhatTheyAre(t *testing.T) {
	for name, c := range map[string]struct{ content, code string }{
		"a.html":                          {"<html>", "document.kind.unknown"},
		"a.exe":                           {"MZ", "document.kind.unknown"},
		"a.pdf.js":                        {"%PDF-", "document.kind.unknown"},
		"pdf":                             {"%PDF-", "document.kind.unknown"},
		"a.png":                           {"%PDF-", "document.kind.other"},
		"a.docx":                          {"MZ", "document.kind.other"},
		"a.txt":                           {"a\x00", "document.kind.other"},
		"b.txt":                           {"\xff", "document.kind.other"},
		"c.txt":                           {"", "document.empty"},
		"d.txt":                           {strings.Repeat("a", MaxBytes+1), "document.too_large"},
		"a\n.txt":                         {"a", "input.format"},
		strings.Repeat("长", 120) + ".txt": {"a", "input.too_long"},
	} {
		_, err := read(name, []byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.code) || fault.Is(err, fault.Internal) {
			t.Errorf("%.20q: %v, want %s", name, err, c.code)
		}
	}
	for name, want := range map[string]string{`C:\合同\正本 1.PDF`: "正本 1.PDF", "../../etc/a.pdf": "a.pdf"} {
		if f, err := read(name, []byte("%PDF-1.7")); err != nil || f.Name != want || f.Type != "application/pdf" || f.Size != 8 {
			t.Errorf("%s: %+v %v", name, f.Document, err)
		}
	}
}
