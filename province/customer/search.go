package customer

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Filter says which customers a list shows, and in which order. Empty lists and texts do not
// filter.
type Filter struct {
	Text       string // words of the name, or the beginning of a number or credit code
	Classes    []codes.Class
	Lifecycles []codes.Lifecycle
	Industries []codes.Industry
	Cities     []codes.City
	ManagerID  int64 // 0: any
	// UnitID is a unit of the organisation, with everything below it; 0: any. The province itself stands for all
	// customers, those in nobody's care too.
	UnitID     int64
	Mine       bool      // only those in the caller's own care
	Team       bool      // only those in whose teams the caller is
	Unassigned bool      // only those in nobody's care
	National   *bool     // nil: both
	Sensitive  *bool     // nil: both
	Since      time.Time // changed since then; zero: whenever
	DueDays    int       // only those with a contract that ends within so many days and is not renewed; 0: all
	RosterID   int64     // only those in this roster (package roster); 0: all
	Attribute  string    // code of a custom attribute; empty: none is asked for
	Value      string    // of that attribute, in its one form
	Sort       string
	Descending bool
	Page       int // from 1
	Size       int // rows of a page

	persons []int64 // of the unit, if it is not the province
}

// monday is when the week of a moment began.
func monday(now time.Time) time.Time {
	y, m, d := now.In(codes.China).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, codes.China)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// shortest is the fewest characters of a text that an index finds.
const shortest = 2

// SortKeys lists what a list can be sorted by.
func SortKeys() []string {
	return []string{"id", "number", "name", "class", "lifecycle", "industry", "city", "updatedAt"}
}

// MaxPageSize is the most rows that one page has.
const MaxPageSize = 200

func (f Filter) check() error {
	switch {
	case f.Page < 1:
		return fault.Field(fault.BelowMinimum, "page", "input.below_minimum", "min", 1)
	case f.Size < 1:
		return fault.Field(fault.BelowMinimum, "size", "input.below_minimum", "min", 1)
	case f.Size > MaxPageSize:
		return fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", MaxPageSize)
	case !slices.Contains(SortKeys(), f.Sort):
		return fault.Field(fault.Enumeration, "sort", "input.not_in_list")
	}
	return nil
}

// Terms are the pairs of neighbouring characters of a name, by which it is found: 福建电力 gives
// 福建, 建电, 电力. Full-width and upper-case forms count as their plain ones, and whatever is
// neither letter nor digit separates. A separate single character is a term too.
func Terms(name string) []string {
	var terms []string
	for _, word := range words(name) {
		if len(word) == 1 {
			terms = append(terms, string(word))
		}
		for i := 0; i+1 < len(word); i++ {
			terms = append(terms, string(word[i:i+2]))
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// Needle is a search text as it is looked for in names, in plain form, and the pairs of neighbouring
// characters by which an index finds these names; with no pair there is nothing to look for.
func Needle(text string) (needle string, pairs []string) {
	pairs = slices.DeleteFunc(Terms(text), func(term string) bool { return utf8.RuneCountInString(term) < shortest })
	return plain(strings.TrimSpace(text)), pairs
}

// words splits a text into its runs of letters and digits, in their plain form.
func words(text string) [][]rune {
	var list [][]rune
	for _, word := range strings.FieldsFunc(plain(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		list = append(list, []rune(word))
	}
	return list
}

// plain is the compatibility form in lower case.
func plain(text string) string { return strings.ToLower(norm.NFKC.String(text)) }

// query is how a search text is looked for.
type query struct {
	terms  []string // all of them must be terms of the name
	single string   // or the name holds this one character
	code   string   // or number or credit code begin with this
}

// parseQuery reads a search text.
func parseQuery(text string) query {
	var q query
	runs := words(text)
	if len(runs) == 1 && len(runs[0]) == 1 {
		q.single = string(runs[0])
	} else {
		q.terms = Terms(text)
	}
	if len(runs) == 1 {
		code := strings.ToUpper(string(runs[0]))
		if strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && len(code) >= 2 {
			q.code = code
		}
	}
	return q
}
