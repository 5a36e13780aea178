// Package attribute is what a province wants to know of its group customers beyond the standard fields: custom
// attributes (自定义属性), which an administrator defines and nobody has to program.
//
// A definition has a code for ever and a kind for ever, since what was stated under it is read by both. It is
// retired, never deleted: nobody is asked for it any more, and what was stated stays. Of a choice nothing is taken
// away for the same reason. A rule that becomes stricter is asked of what is stated from then on.
//
// What is stated of a customer is one record with a version of its own. It stays with a customer who is merged
// into another one, and comes back with it. Headquarters never gets it.
package attribute

import (
	"errors"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Kind is what values an attribute has.
type Kind string

// The kinds. A value is a text in one form: numbers are decimals without needless zeros, days are YYYY-MM-DD, a
// choice is its code, a flag is true or false.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Date   Kind = "date"
	Choice Kind = "choice"
	Flag   Kind = "flag"
)

var kinds = []Kind{Text, Number, Date, Choice, Flag}

// Definition is an attribute.
type Definition struct {
	ID int64
	Facts
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is stated about an attribute.
type Facts struct {
	Code     string // a word of the XML and of files: letters, digits, underscores
	NameZh   string
	NameEn   string
	Kind     Kind
	Required bool
	Retired  bool
	Position int32    // in the form, the least first
	Longest  int32    // characters of a text
	Least    string   // of a number, a decimal; empty: no bound
	Most     string   // as Least
	Unit     string   // of a number
	Choices  []Option // of a choice
}

// Option is what a choice may be.
type Option struct {
	Code   string `json:"code"`
	NameZh string `json:"nameZh"`
	NameEn string `json:"nameEn"`
}

// Stated is what is stated of a customer: values by the codes of their attributes.
type Stated struct {
	CustomerID int64
	Values     map[string]string
	Version    int32 // 0: nothing was ever stated
	UpdatedAt  time.Time
}

// Amended is what was stated of a customer and what is to be stated.
type Amended struct {
	Before Stated
	After  map[string]string
}

// Differs reports whether another thing is to be stated.
func (a Amended) Differs() bool { return !maps.Equal(a.Before.Values, a.After) }

// Amend gives what is stated of a customer when some of it is stated anew: an empty text takes a value away, and
// what is not among stated stays, as does what stands under retired attributes. Faults, joined and by the
// attributes' codes: wrong values, a code that is none, and nothing under an attribute that is required.
func Amend(definitions []Definition, before, stated map[string]string) (map[string]string, error) {
	after := maps.Clone(before)
	if after == nil {
		after = map[string]string{}
	}
	var faults []error
	for _, d := range definitions {
		text, named := stated[d.Code]
		if d.Retired || !named && (before[d.Code] != "" || !d.Required) {
			continue
		}
		value, err := d.Parse(text)
		faults = append(faults, err)
		if after[d.Code] = value; value == "" {
			delete(after, d.Code)
		}
	}
	for code := range stated {
		if !slices.ContainsFunc(definitions, func(d Definition) bool { return d.Code == code && !d.Retired }) {
			faults = append(faults, fault.Field(fault.Enumeration, code, "attribute.unknown", "code", code))
		}
	}
	return after, errors.Join(faults...)
}

// whole states all that is asked for: what has no value, as nothing.
func whole(definitions []Definition, values map[string]string) map[string]string {
	stated := maps.Clone(values)
	if stated == nil {
		stated = map[string]string{}
	}
	for _, d := range definitions {
		if !d.Retired {
			stated[d.Code] = values[d.Code]
		}
	}
	return stated
}

// The greatest lengths, in characters.
const (
	maxName = 60
	maxUnit = 20
	maxText = 2000
)

var (
	codePattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	decimalPattern = regexp.MustCompile(`^[-+]?[0-9]{1,15}(\.[0-9]{1,6})?$`)
)

// check gives the faults of the facts by themselves, joined, and the facts in one form.
func (f Facts) check() (Facts, error) {
	var faults []error
	add := func(when bool, kind fault.Kind, field, code string, pairs ...any) {
		if when {
			faults = append(faults, fault.Field(kind, field, code, pairs...))
		}
	}
	name := func(field string, value *string, most int, must bool) {
		*value = strings.TrimSpace(*value)
		add(must && *value == "", fault.TooShort, field, "input.required")
		add(utf8.RuneCountInString(*value) > most, fault.TooLong, field, "input.too_long", "max", most)
	}
	add(!codePattern.MatchString(f.Code), fault.Format, "code", "input.format", "pattern", "a-z 0-9 _")
	name("nameZh", &f.NameZh, maxName, true)
	name("nameEn", &f.NameEn, maxName, true)
	name("unit", &f.Unit, maxUnit, false)
	add(!slices.Contains(kinds, f.Kind), fault.Enumeration, "kind", "attribute.kind.unknown")
	add(f.Kind == Text && (f.Longest < 1 || f.Longest > maxText), fault.AboveMaximum, "longest", "attribute.longest", "max", maxText)
	for _, bound := range []struct {
		field string
		value *string
	}{{"least", &f.Least}, {"most", &f.Most}} {
		if *bound.value != "" {
			number, ok := decimal(*bound.value)
			*bound.value = number
			add(!ok, fault.Format, bound.field, "attribute.number")
		}
	}
	seen := map[string]bool{}
	for i := range f.Choices {
		c := &f.Choices[i]
		add(!codePattern.MatchString(c.Code) || seen[c.Code], fault.Format, "choices", "attribute.choice.code", "code", c.Code)
		seen[c.Code] = true
		name("choices", &c.NameZh, maxName, true)
		name("choices", &c.NameEn, maxName, true)
	}
	add((f.Kind == Choice) != (len(f.Choices) > 0), fault.Rule, "choices", "attribute.choices")
	return f, errors.Join(faults...)
}

// follows gives the faults of facts that are to replace others: see the package comment.
func (f Facts) follows(before Facts) error {
	var faults []error
	if f.Code != before.Code {
		faults = append(faults, fault.Field(fault.Rule, "code", "attribute.fixed"))
	}
	if f.Kind != before.Kind {
		faults = append(faults, fault.Field(fault.Rule, "kind", "attribute.fixed"))
	}
	for _, was := range before.Choices {
		if !f.has(was.Code) {
			faults = append(faults, fault.Field(fault.Rule, "choices", "attribute.choice.removed", "code", was.Code))
		}
	}
	return errors.Join(faults...)
}

func (f Facts) has(choice string) bool {
	return slices.ContainsFunc(f.Choices, func(o Option) bool { return o.Code == choice })
}

// Parse gives a value in its one form, or the fault of the field of the attribute's code. An empty text is
// nothing stated.
func (f Facts) Parse(text string) (string, error) {
	text = strings.TrimSpace(text)
	refuse := func(kind fault.Kind, code string, pairs ...any) (string, error) {
		return "", fault.Field(kind, f.Code, code, pairs...)
	}
	if text == "" {
		if f.Required {
			return refuse(fault.TooShort, "input.required")
		}
		return "", nil
	}
	switch f.Kind {
	case Text:
		if utf8.RuneCountInString(text) > int(f.Longest) {
			return refuse(fault.TooLong, "input.too_long", "max", f.Longest)
		}
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return refuse(fault.Format, "input.format")
		}
	case Number:
		number, ok := decimal(text)
		switch {
		case !ok:
			return refuse(fault.Format, "attribute.number")
		case f.Least != "" && rational(number).Cmp(rational(f.Least)) < 0:
			return refuse(fault.BelowMinimum, "input.below_minimum", "min", f.Least)
		case f.Most != "" && rational(number).Cmp(rational(f.Most)) > 0:
			return refuse(fault.AboveMaximum, "input.above_maximum", "max", f.Most)
		}
		return number, nil
	case Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return refuse(fault.Format, "input.format", "pattern", "YYYY-MM-DD")
		}
	case Choice:
		if !f.has(text) {
			return refuse(fault.Enumeration, "input.not_in_list")
		}
	case Flag:
		if text != "true" && text != "false" {
			return refuse(fault.Enumeration, "input.not_in_list")
		}
	}
	return text, nil
}

// decimal writes a number in its one form.
func decimal(text string) (string, bool) {
	if !decimalPattern.MatchString(text) {
		return text, false
	}
	number := rational(text).FloatString(6)
	return strings.TrimSuffix(strings.TrimRight(number, "0"), "."), true
}

func rational(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}
