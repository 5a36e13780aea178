// Package document turns the bytes of one XML document into an element tree, and refuses
// everything that two readers could understand differently.
//
// The tree is etree's, but the reader is our own: etree and encoding/xml accept two roots,
// trailing text, duplicate attributes, unbound prefixes and document types, each of which is a way
// to slip past a check. What is read here is XML 1.0 without a document type, so no entity but the
// five predefined ones; one root; a limited depth; and an encoding declaration that is one of our
// character sets. Every document that is accepted here is accepted by libxml2.
package document

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sort"
	"strings"

	"github.com/beevik/etree"

	"jike/xmlapi/charset"
)

// MaxDepth is how deep elements may nest.
const MaxDepth = 64

// Error says why a document is refused.
type Error struct {
	Code    string // stable key, such as "xml.doctype"
	Element string // the element in which it happened, empty outside of any
	Offset  int    // in bytes of the UTF-8 text
}

// Error says the key, the element and the place.
func (e *Error) Error() string {
	if e.Element == "" {
		return fmt.Sprintf("%s at byte %d", e.Code, e.Offset)
	}
	return fmt.Sprintf("%s in element %s at byte %d", e.Code, e.Element, e.Offset)
}

// The codes of Error.
const (
	CodeEmpty              = "xml.empty"
	CodeDeclaration        = "xml.declaration"
	CodeDoctype            = "xml.doctype"
	CodeTwoRoots           = "xml.two_roots"
	CodeTrailing           = "xml.trailing"
	CodeDepth              = "xml.depth"
	CodeDuplicateAttribute = "xml.duplicate_attribute"
	CodeUnboundPrefix      = "xml.unbound_prefix"
	CodeSyntax             = "xml.syntax"
	CodeMismatch           = "xml.mismatched_tag"
	CodeUnclosed           = "xml.unclosed"
	CodeCharacter          = "xml.character"
	CodeEntity             = "xml.entity"
	CodeCharsetMissing     = "charset.missing"
	CodeCharsetUnknown     = "charset.unknown"
	CodeCharsetConflict    = "charset.conflict"
	CodeCharsetInvalid     = "charset.invalid"
)

// Read reads a document that travels as bytes. Its declaration must name its encoding; label, the
// charset of a surrounding content type, must agree with it unless empty. Every error is an *Error;
// the charset is valid with the codes xml.*.
func Read(text []byte, label string) (*etree.Element, charset.Charset, error) {
	text = []byte(strings.TrimPrefix(string(text), "\ufeff"))
	c, err := detect(text, label)
	if err != nil {
		return nil, 0, err
	}
	decoded, err := c.Decode(text)
	if err != nil {
		offset := 0
		if invalid, ok := errors.AsType[*charset.InvalidError](err); ok {
			offset = invalid.Offset
		}
		return nil, c, &Error{Code: CodeCharsetInvalid, Offset: offset}
	}
	root, err := parse(decoded)
	return root, c, err
}

// ReadInner reads a document that stands as text in another one: the declared encoding was undone
// with the outer document's, so it is only checked to be one of ours. White space before the
// declaration, seen in real traffic, and a missing declaration are accepted.
func ReadInner(text string) (*etree.Element, error) {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if label, declared := declaredEncoding(trimmed); declared && label != "" {
		if _, err := charset.Lookup(label); err != nil {
			return nil, &Error{Code: CodeCharsetUnknown}
		}
	}
	return parse(trimmed)
}

// detect finds the character set before anything is decoded; all sets agree with ASCII.
func detect(text []byte, label string) (charset.Charset, error) {
	if len(text) == 0 {
		return 0, &Error{Code: CodeEmpty}
	}
	head := string(text[:min(len(text), 200)])
	declared, _ := declaredEncoding(head)
	if declared == "" {
		return 0, &Error{Code: CodeCharsetMissing}
	}
	c, err := charset.Lookup(declared)
	if err != nil {
		return 0, &Error{Code: CodeCharsetUnknown}
	}
	if label != "" {
		outer, err := charset.Lookup(label)
		if err != nil {
			return 0, &Error{Code: CodeCharsetUnknown}
		}
		if outer != c {
			return 0, &Error{Code: CodeCharsetConflict}
		}
	}
	return c, nil
}

// declaredEncoding finds the encoding in an XML declaration, and whether there is a declaration.
func declaredEncoding(text string) (label string, declared bool) {
	if !strings.HasPrefix(text, "<?xml") {
		return "", false
	}
	declaration, _, closed := strings.Cut(text, "?>")
	if !closed {
		return "", true
	}
	_, after, found := strings.Cut(declaration, "encoding")
	if !found {
		return "", true
	}
	after = strings.TrimLeft(after, " \t\r\n=")
	if after == "" || after[0] != '"' && after[0] != '\'' {
		return "", true
	}
	label, _, _ = strings.Cut(after[1:], after[:1])
	return label, true
}

// Digest is a digest of what a document says: names, attributes in order of name, and text.
// Comments, processing instructions, white space between elements, and whether a text was written
// as CDATA or with references make no difference.
func Digest(root *etree.Element) [32]byte {
	h := sha256.New()
	if root != nil {
		digest(h, root)
	}
	return [32]byte(h.Sum(nil))
}

func digest(h hash.Hash, e *etree.Element) {
	writeField(h, '<', e.FullTag())
	attributes := append([]etree.Attr(nil), e.Attr...)
	sort.Slice(attributes, func(i, j int) bool { return attributes[i].FullKey() < attributes[j].FullKey() })
	for _, a := range attributes {
		writeField(h, '@', a.FullKey())
		writeField(h, '=', a.Value)
	}
	children := e.ChildElements()
	text := Text(e)
	if len(children) == 0 || strings.Trim(text, " \t\r\n") != "" {
		writeField(h, 't', text)
	}
	for _, c := range children {
		digest(h, c)
	}
	writeField(h, '>', "")
}

func writeField(h hash.Hash, kind byte, s string) {
	var head [9]byte
	head[0] = kind
	binary.BigEndian.PutUint64(head[1:], uint64(len(s)))
	_, _ = h.Write(head[:]) // a hash never fails to write
	_, _ = h.Write([]byte(s))
}

// Text is all the text directly in an element, CDATA and references resolved.
func Text(e *etree.Element) string {
	var only string
	var all *strings.Builder
	for _, token := range e.Child {
		data, ok := token.(*etree.CharData)
		if !ok {
			continue
		}
		switch {
		case all != nil:
			all.WriteString(data.Data)
		case only == "":
			only = data.Data
		default:
			all = new(strings.Builder)
			all.WriteString(only)
			all.WriteString(data.Data)
		}
	}
	if all != nil {
		return all.String()
	}
	return only
}

// Child finds the first child of the name, nil if there is none.
func Child(e *etree.Element, name string) *etree.Element {
	for _, token := range e.Child {
		if c, ok := token.(*etree.Element); ok && c.Tag == name && c.Space == "" {
			return c
		}
	}
	return nil
}

// Value is the text of the first child of the name, empty if there is none.
func Value(e *etree.Element, name string) string {
	if c := Child(e, name); c != nil {
		return Text(c)
	}
	return ""
}
