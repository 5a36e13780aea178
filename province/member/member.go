// Package member is the members of group customers (集团成员): the phone lines that belong to one,
// with who uses them, where in the customer's house, and their short number in its virtual network
// (V网短号).
//
// A line joins one customer at a time. It may leave and join again, also another customer: each
// membership is a row of its own, which ends with the day of leaving and is never changed again.
//
// Beside the rows stands the number of members that BOSS states (Count). Neither is derived from the
// other: rows come from the customer through people and files, the number from the system that
// charges for the lines. Summaries go on using BOSS's number, and the customer's page shows both,
// so that a person sees where they differ. Members never go to headquarters, numbers only within the
// monthly summary.
package member

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Member is one membership of a phone line.
type Member struct {
	ID         int64
	CustomerID int64
	Phone      codes.Phone
	JoinedOn   time.Time // the day
	LeftOn     *time.Time
	Facts
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is stated about a member and may change while it is one.
type Facts struct {
	Name        string // who uses the line
	Department  string
	Duty        string // 职务
	ShortNumber string // unique among the customer's members; empty: none
}

// State is which members a list shows.
type State string

// The states.
const (
	Joined State = "joined" // are members
	Left   State = "left"   // were members
)

// Filter says which members of a customer a list shows.
type Filter struct {
	State State
	Text  string // beginning of the phone, the short number, or a part of name or department
	Page  int    // from 1
	Size  int    // rows of a page
}

// MaxPageSize is the most rows that one page has.
const MaxPageSize = 200

// Count is how many members a customer has, as BOSS states it.
type Count struct {
	Members   int32
	UpdatedAt time.Time // zero: never stated
}

// maxText is the greatest length of a text, in characters.
const maxText = 60

// shortNumber is what the network takes: three to eight digits, the first of which is no zero.
var shortNumber = regexp.MustCompile(`^[1-9][0-9]{2,7}$`)

// check gives the faults of the facts by themselves, joined, and the facts in their stored form.
func (f Facts) check() (Facts, error) {
	var faults []error
	for _, text := range []struct {
		field string
		value *string
	}{{"name", &f.Name}, {"department", &f.Department}, {"duty", &f.Duty}, {"shortNumber", &f.ShortNumber}} {
		*text.value = strings.TrimSpace(*text.value)
		if utf8.RuneCountInString(*text.value) > maxText {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", maxText))
		}
		if strings.ContainsRune(*text.value, 0) || !utf8.ValidString(*text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	if f.ShortNumber != "" && !shortNumber.MatchString(f.ShortNumber) {
		faults = append(faults, fault.Field(fault.Format, "shortNumber", "member.short_number.format"))
	}
	return f, errors.Join(faults...)
}

// leave gives the faults of ending a membership on a day.
func (m Member) leave(day time.Time) error {
	switch {
	case m.LeftOn != nil:
		return fault.New(fault.Rule, "member.has_left")
	case day.Before(m.JoinedOn):
		return fault.Field(fault.Rule, "leftOn", "member.leaves_before_joining")
	}
	return nil
}

func (f Filter) check() error {
	switch {
	case f.Page < 1:
		return fault.Field(fault.BelowMinimum, "page", "input.below_minimum", "min", 1)
	case f.Size < 1:
		return fault.Field(fault.BelowMinimum, "size", "input.below_minimum", "min", 1)
	case f.Size > MaxPageSize:
		return fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", MaxPageSize)
	case !slices.Contains([]State{Joined, Left}, f.State):
		return fault.Field(fault.Enumeration, "state", "input.not_in_list")
	}
	return nil
}

// check gives a fault for a count below zero.
func check(members int32) error {
	if members < 0 {
		return fault.Field(fault.BelowMinimum, "members", "input.below_minimum", "min", 0)
	}
	return nil
}
