// Package shapetest writes descriptions of messages as XSD, breaks good samples, and asks xmllint
// what it thinks of the result.
package shapetest

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"jike/xmlapi/shape"
)

var update = flag.Bool("update", false, "write the published files instead of comparing with them")

// Golden compares a published file with what it should be, or writes it with -update.
func Golden(tb testing.TB, file, want string) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if string(got) != want {
		tb.Errorf("%s does not say what the code does; go test -update writes it anew", file)
	}
}

// XSD writes a description as an XSD 1.0 schema. Note says what the document is.
func XSD(spec *shape.Element, note string) string {
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	out.WriteString(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" version="1.0">` + "\n")
	w := writer{out: &out}
	w.annotation(1, note)
	w.element(1, spec, true)
	out.WriteString("</xs:schema>\n")
	return out.String()
}

type writer struct{ out *strings.Builder }

func (w writer) line(depth int, format string, args ...any) {
	w.out.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w.out, format, args...)
	w.out.WriteByte('\n')
}

func (w writer) annotation(depth int, note string) {
	if note != "" {
		w.line(depth, "<xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>", escape(note))
	}
}

func (w writer) element(depth int, e *shape.Element, root bool) {
	occurs := ""
	if !root && (e.Min != 1 || e.Max != 1) {
		occurs = fmt.Sprintf(` minOccurs="%d" maxOccurs="%d"`, e.Min, e.Max)
	}
	w.line(depth, `<xs:element name="%s"%s>`, e.Name, occurs)
	w.annotation(depth+1, e.Note)
	if e.Type != nil {
		w.simple(depth+1, e.Type)
	} else {
		w.line(depth+1, "<xs:complexType>")
		w.line(depth+2, "<xs:sequence>")
		for i := range e.Children {
			w.element(depth+3, &e.Children[i], false)
		}
		w.line(depth+2, "</xs:sequence>")
		w.line(depth+1, "</xs:complexType>")
	}
	w.line(depth, "</xs:element>")
}

func (w writer) simple(depth int, t *shape.Type) {
	w.line(depth, "<xs:simpleType>")
	if t.Integer {
		w.line(depth+1, `<xs:restriction base="xs:integer">`)
		w.line(depth+2, `<xs:minInclusive value="%d"/>`, t.Least)
		w.line(depth+2, `<xs:maxInclusive value="%d"/>`, t.Most)
	} else {
		w.line(depth+1, `<xs:restriction base="xs:string">`)
		for _, value := range t.Enumeration {
			w.line(depth+2, `<xs:enumeration value="%s"/>`, escape(value))
		}
		if t.MinLength > 0 {
			w.line(depth+2, `<xs:minLength value="%d"/>`, t.MinLength)
		}
		if t.MaxLength > 0 {
			w.line(depth+2, `<xs:maxLength value="%d"/>`, t.MaxLength)
		}
		if t.Pattern != "" {
			w.line(depth+2, `<xs:pattern value="%s"/>`, escape(t.Pattern))
		}
	}
	w.line(depth+1, "</xs:restriction>")
	w.line(depth, "</xs:simpleType>")
}

func escape(s string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(s)) // a strings.Builder never fails
	return out.String()
}
