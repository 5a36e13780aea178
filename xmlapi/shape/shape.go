// Package shape describes a message compactly and checks documents against the description.
//
// A description says the same as the message's XSD in schemas/xsd; a test compares the two, and
// another asks xmllint about thousands of mutants. The check is stricter than XSD where XSD is
// vague: an attribute is refused, and a number has one form.
package shape

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"

	"jike/internal/fault"
	"jike/xmlapi/document"
)

// Element describes one element: how often it may stand, and either the type of its text or its
// children in their order.
type Element struct {
	Name     string
	Min, Max int
	Type     *Type     // of a leaf; nil for an element with children
	Children []Element // in order
	Mask     Mask      // how the journal shows the text
	Note     string    // what it means, for the XSD
}

// Type describes a text. The zero value of a facet does not limit.
type Type struct {
	Integer              bool // the text is a decimal integer between Least and Most
	Least, Most          int64
	Enumeration          []string
	MinLength, MaxLength int    // in characters
	Pattern              string // the whole text; the part of regular expressions that XSD and Go share
	compiled             *regexp.Regexp
	layout               string // of a moment: the date must exist, which no pattern can say
}

// Text is a type of one line of text between min and max characters, without blanks at its ends
// (min 0: it may be empty).
func Text(minLength, maxLength int) *Type {
	t := &Type{MinLength: minLength, MaxLength: maxLength, Pattern: `[^ \t\r\n]([^\t\r\n]*[^ \t\r\n])?`}
	if minLength == 0 {
		t.Pattern = `([^ \t\r\n]([^\t\r\n]*[^ \t\r\n])?)?`
	}
	return t.compile()
}

// FreeText is a type of any text up to max characters.
func FreeText(maxLength int) *Type { return &Type{MaxLength: maxLength} }

// Pattern is a type of text that matches a pattern as a whole.
func Pattern(pattern string) *Type { return (&Type{Pattern: pattern}).compile() }

// OneOf is an enumeration.
func OneOf(values ...string) *Type { return &Type{Enumeration: values} }

// Integer is a decimal integer in a range, without leading zeros or a plus sign.
func Integer(least, most int64) *Type { return &Type{Integer: true, Least: least, Most: most} }

// The types that many messages share. Beyond their pattern, the day must be in the calendar.
var (
	Time  = moment("20060102150405", `[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])([0-5][0-9]){2}`) // yyyyMMddHHmmss
	Date  = moment("20060102", `[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])`)                                        // yyyyMMdd
	Month = moment("200601", `[0-9]{4}(0[1-9]|1[0-2])`)                                                                  // yyyyMM
)

func moment(layout, pattern string) *Type {
	t := Pattern(pattern)
	t.layout = layout
	return t
}

func (t *Type) compile() *Type {
	t.compiled = regexp.MustCompile(`\A(?:` + t.Pattern + `)\z`)
	return t
}

// One is an element that must stand once.
func One(name string, t *Type) Element { return Element{Name: name, Min: 1, Max: 1, Type: t} }

// Group is an element with children that must stand once.
func Group(name string, children ...Element) Element {
	return Element{Name: name, Min: 1, Max: 1, Children: children}
}

// Times changes how often the element may stand.
func (e Element) Times(least, most int) Element {
	e.Min, e.Max = least, most
	return e
}

// Optional lets the element stand once or not at all.
func (e Element) Optional() Element { return e.Times(0, 1) }

// Masked says how the journal shows the element's text.
func (e Element) Masked(m Mask) Element {
	e.Mask = m
	return e
}

// Says adds what the element means, for readers of the XSD.
func (e Element) Says(note string) Element {
	e.Note = note
	return e
}

// The codes of what Check finds.
const (
	CodeMissing     = "schema.missing"
	CodeUnexpected  = "schema.unexpected"
	CodeRepeated    = "schema.repeated"
	CodeAttribute   = "schema.attribute"
	CodeText        = "schema.text"
	CodeType        = "schema.type"
	CodeEnumeration = "schema.enumeration"
	CodeTooShort    = "schema.too_short"
	CodeTooLong     = "schema.too_long"
	CodeFormat      = "schema.format"
	CodeBelow       = "schema.below_minimum"
	CodeAbove       = "schema.above_maximum"
)

// Check compares a document with its description. It returns nil or a *fault.Error that names the
// first offending element: of kind Body for the structure; Type, Enumeration, TooShort, TooLong,
// Format, BelowMinimum or AboveMaximum for a value.
func Check(root *etree.Element, spec *Element) error {
	if root == nil {
		return fault.Field(fault.Body, spec.Name, CodeMissing)
	}
	if root.Space != "" || root.Tag != spec.Name {
		return fault.Field(fault.Body, spec.Name, CodeMissing, "found", root.FullTag())
	}
	return check(root, spec)
}

func check(e *etree.Element, spec *Element) error {
	if len(e.Attr) > 0 {
		return fault.Field(fault.Body, spec.Name, CodeAttribute, "found", e.Attr[0].FullKey())
	}
	if spec.Type != nil {
		return checkLeaf(e, spec)
	}
	// next is the description that the next child is compared with, seen how often it stood.
	next, seen := 0, 0
	for _, token := range e.Child {
		switch token := token.(type) {
		case *etree.CharData:
			if strings.Trim(token.Data, " \t\r\n") != "" || token.IsCData() {
				return fault.Field(fault.Body, spec.Name, CodeText)
			}
		case *etree.Element:
			var err error
			if next, seen, err = advance(token, spec, next, seen); err != nil {
				return err
			}
			if err := check(token, &spec.Children[next]); err != nil {
				return err
			}
		}
	}
	for ; next < len(spec.Children); next, seen = next+1, 0 {
		if c := &spec.Children[next]; seen < c.Min {
			return fault.Field(fault.Body, c.Name, CodeMissing, "in", spec.Name)
		}
	}
	return nil
}

// advance finds the description of a child among those that may still come.
func advance(child *etree.Element, spec *Element, next, seen int) (int, int, error) {
	for at := next; at < len(spec.Children); at++ {
		c := &spec.Children[at]
		if child.Space == "" && child.Tag == c.Name {
			if seen == c.Max {
				return 0, 0, fault.Field(fault.Body, c.Name, CodeRepeated, "in", spec.Name, "max", c.Max)
			}
			return at, seen + 1, nil
		}
		if seen < c.Min {
			return 0, 0, fault.Field(fault.Body, c.Name, CodeMissing, "in", spec.Name, "found", child.FullTag())
		}
		seen = 0
	}
	for _, c := range spec.Children[:min(next, len(spec.Children))] {
		if child.Space == "" && child.Tag == c.Name {
			return 0, 0, fault.Field(fault.Body, c.Name, CodeRepeated, "in", spec.Name)
		}
	}
	return 0, 0, fault.Field(fault.Body, child.FullTag(), CodeUnexpected, "in", spec.Name)
}

func checkLeaf(e *etree.Element, spec *Element) error {
	if children := e.ChildElements(); len(children) > 0 {
		return fault.Field(fault.Body, children[0].FullTag(), CodeUnexpected, "in", spec.Name)
	}
	return spec.Type.check(spec.Name, document.Text(e))
}

// check compares a text with the type; name is the element that a refusal names.
func (t *Type) check(name, text string) error {
	if t.Integer {
		return t.checkInteger(name, text)
	}
	if t.Enumeration != nil {
		for _, value := range t.Enumeration {
			if text == value {
				return nil
			}
		}
		return fault.Field(fault.Enumeration, name, CodeEnumeration)
	}
	length := utf8.RuneCountInString(text)
	switch {
	case length < t.MinLength:
		return fault.Field(fault.TooShort, name, CodeTooShort, "min", t.MinLength)
	case t.MaxLength > 0 && length > t.MaxLength:
		return fault.Field(fault.TooLong, name, CodeTooLong, "max", t.MaxLength)
	case t.compiled != nil && !t.compiled.MatchString(text):
		return fault.Field(fault.Format, name, CodeFormat)
	}
	if t.layout != "" {
		if _, err := time.Parse(t.layout, text); err != nil {
			return fault.Field(fault.Format, name, CodeFormat)
		}
	}
	return nil
}

func (t *Type) checkInteger(name, text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return fault.Field(fault.Type, name, CodeType)
	}
	switch {
	case n < t.Least:
		return fault.Field(fault.BelowMinimum, name, CodeBelow, "min", t.Least)
	case n > t.Most:
		return fault.Field(fault.AboveMaximum, name, CodeAbove, "max", t.Most)
	}
	return nil
}
