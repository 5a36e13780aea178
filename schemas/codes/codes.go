// Package codes holds the code tables and value types that both levels and every interface share:
// credit codes, classes, life cycles, industries, regions, provinces, amounts and phone numbers.
//
// Every type is tolerant in what it parses (spaces, full-width characters, lower case) and has one
// form out, the form that is stored. The types are kinds of string or int16, so that they go to
// PostgreSQL and JSON as what they are.
package codes

import (
	"fmt"
	"sort"
	"strings"
)

// Flaw says in which way a value is wrong, in the terms of the published response codes 4001–4007.
type Flaw uint8

// The flaws.
const (
	FlawFormat      Flaw = iota // of the wrong form, check digits included
	FlawEnumeration             // not in its list
	FlawShort                   // too short
	FlawLong                    // too long
	FlawRange                   // a number too large to hold
)

// Error says what is wrong with a value. Code is a stable key that a front end translates.
type Error struct {
	Code   string         // such as "credit_code.check_digit"
	Flaw   Flaw           // the way in which it is wrong
	Params map[string]any // values for the message, such as {"expected": "7", "found": "8"}
}

// Error gives the code and its parameters.
func (e *Error) Error() string {
	names := make([]string, 0, len(e.Params))
	for name := range e.Params {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(e.Code)
	for _, name := range names {
		fmt.Fprintf(&b, " %s=%v", name, e.Params[name])
	}
	return b.String()
}

func wrong(flaw Flaw, code string, params map[string]any) *Error {
	return &Error{Code: code, Flaw: flaw, Params: params}
}

// Name is a name in both languages of the portal.
type Name struct {
	Chinese string `json:"zh"`
	English string `json:"en"`
}

// narrow trims a value and turns the full-width forms that input methods produce into ASCII.
func narrow(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\u3000':
			return ' '
		case r >= '\uff01' && r <= '\uff5e':
			return r - 0xfee0
		}
		return r
	}, s))
}

// squeeze is narrow without the spaces and hyphens that people put into long numbers.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '\u2013', '\u2014', '\u00a0':
			return -1
		}
		return r
	}, narrow(s))
}

// excerpt keeps an error's parameter short, whatever was sent.
func excerpt(s string) string {
	const limit = 40
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit]) + "…"
}
