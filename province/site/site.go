// Package site is where a group customer is: the addresses at which it has lines and people (安装地址, 分支).
//
// A site is planned until the day on which it opens and open until the day on which it is closed; it is never
// deleted, since what was installed there was. It may lie in another province. Who is to be asked there is
// one of the customer's contacts, so that a phone stands in one place and is seen by whom that shows it to.
package site

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Kind is what a site is to the customer.
type Kind string

// The kinds.
const (
	Headquarters Kind = "headquarters"
	Branch       Kind = "branch"
	Factory      Kind = "factory"
	Shop         Kind = "shop"
	DataRoom     Kind = "data_room"
	Other        Kind = "other"
)

var kinds = []Kind{Headquarters, Branch, Factory, Shop, DataRoom, Other}

// Status is where a site stands on a day.
type Status string

// The states.
const (
	Planned Status = "planned"
	Open    Status = "open"
	Closed  Status = "closed"
)

// Site is a site of a customer.
type Site struct {
	ID         int64
	CustomerID int64
	Facts
	ContactName string // read only
	Version     int32
	UpdatedAt   time.Time
}

// Facts are what is stated about a site. Days have no time.
type Facts struct {
	Name      string
	Kind      Kind
	City      codes.City
	District  string
	Street    string
	ContactID int64      // of the same customer; 0: none
	OpenedOn  *time.Time // nil: no day is known yet
	ClosedOn  *time.Time // nil: it is not to be closed
}

// The greatest lengths, in characters.
const (
	maxName     = 120
	maxDistrict = 60
	maxStreet   = 200
)

// StatusOn is where the site stands on a day.
func (f Facts) StatusOn(day time.Time) Status {
	switch {
	case f.ClosedOn != nil && !f.ClosedOn.After(day):
		return Closed
	case f.OpenedOn == nil || f.OpenedOn.After(day):
		return Planned
	}
	return Open
}

// check gives the faults of the facts by themselves, joined, and the facts without blanks around texts.
func (f Facts) check() (Facts, error) {
	var faults []error
	for _, text := range []struct {
		field string
		value *string
		most  int
		must  bool
	}{{"name", &f.Name, maxName, true}, {"district", &f.District, maxDistrict, false}, {"street", &f.Street, maxStreet, true}} {
		*text.value = strings.TrimSpace(*text.value)
		if text.must && *text.value == "" {
			faults = append(faults, fault.Field(fault.TooShort, text.field, "input.required"))
		}
		if utf8.RuneCountInString(*text.value) > text.most {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", text.most))
		}
		if strings.ContainsRune(*text.value, 0) || !utf8.ValidString(*text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	if !slices.Contains(kinds, f.Kind) {
		faults = append(faults, fault.Field(fault.Enumeration, "kind", "site.kind.unknown"))
	}
	if f.ClosedOn != nil && (f.OpenedOn == nil || f.ClosedOn.Before(*f.OpenedOn)) {
		faults = append(faults, fault.Field(fault.Rule, "closedOn", "site.closes_before_opening"))
	}
	return f, errors.Join(faults...)
}
