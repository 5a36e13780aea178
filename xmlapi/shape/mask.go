package shape

import (
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"jike/internal/mask"
	"jike/xmlapi/document"
)

// Mask says how personal data is shown to those who need not know it.
type Mask uint8

// The masks.
const (
	Plain    Mask = iota // shown as it is
	Name                 // 张*, 李*宝
	Phone                // 138****1234
	Mail                 // ***@domain
	Identity             // keeps the first four and the last two
	Hidden               // nothing is shown
)

// Apply masks one value. An empty value stays empty.
func (m Mask) Apply(value string) string {
	switch m {
	case Plain:
		return value
	case Name:
		return mask.Name(value)
	case Phone:
		return mask.Phone(value)
	case Mail:
		return mask.Mail(value)
	case Identity:
		return mask.Identity(value)
	}
	return mask.Text(value)
}

// Masked writes a document on one line with masked values, as the journal shows it, up to about
// limit bytes; a longer one ends in "…". The document must have passed Check against spec: an
// element that spec does not describe is not shown.
func Masked(root *etree.Element, spec *Element, limit int) string {
	if root == nil {
		return ""
	}
	w := maskedWriter{limit: limit}
	w.element(root, spec)
	return w.out.String()
}

type maskedWriter struct {
	out   strings.Builder
	limit int
	full  bool
}

func (w *maskedWriter) write(s string) {
	if w.full {
		return
	}
	if w.out.Len()+len(s) > w.limit {
		w.full = true
		w.out.WriteString("…")
		return
	}
	w.out.WriteString(s)
}

func (w *maskedWriter) element(e *etree.Element, spec *Element) {
	w.write("<" + spec.Name + ">")
	if spec.Type != nil {
		w.write(escape.Replace(spec.Mask.Apply(document.Text(e))))
	}
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		if !ok || w.full {
			continue
		}
		for i := range spec.Children {
			if spec.Children[i].Name == child.Tag {
				w.element(child, &spec.Children[i])
			}
		}
	}
	w.write("</" + spec.Name + ">")
}

// escape writes text as XML; what is not a character of XML cannot come, for it was read.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Valid says whether the text fits the type; for those who build messages.
func (t *Type) Valid(text string) bool { return utf8.ValidString(text) && t.check("", text) == nil }
