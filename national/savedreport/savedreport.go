// Package savedreport keeps what people ask of reports again and again (保存的报表) and has it answered by the clock.
//
// A saved report says what to group by, which measures to show, which customers count and over which period. The
// period is relative to the run: the month that is over, the last twelve, this year. It is its owner's alone, or the
// owner shows it to all who read reports; only the owner changes it. One whose owner's account is closed and that all
// see is changed by any of them, who owns it from then on.
//
//	scheduled or ordered ──► queued ──► done     the workbook is kept for as many days as the report says
//	                           └──────► failed   a fault, or five attempts in turn that came to nothing
//
// A run makes a workbook with the same figures as the page and the rights that the owner has at that moment. Each due
// time has one run, however many nodes look at the clock; a node that was down makes up for the last due time only.
// Saving, running and fetching are in the trail.
package savedreport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/report"
	"jike/schemas/codes"
)

// Audience is who sees a saved report besides its owner.
type Audience string

// The audiences.
const (
	Private Audience = "private"
	Public  Audience = "public" // everybody who reads reports
)

// Report is a saved report.
type Report struct {
	ID          int64
	OwnerID     int64
	Owner       string // login
	OwnerName   string
	OwnerActive bool
	Facts
	NextAt      *time.Time // nil: only when somebody orders it
	LastState   State      // of the newest run; empty: there is none
	LastTrouble string
	LastAt      *time.Time // when it was due
	Version     int32
	UpdatedAt   time.Time
}

// Facts are what is stated about a saved report.
type Facts struct {
	Name     string
	Audience Audience
	KeepDays int16 // of workbooks, from when they were made
	Settings Settings
}

// Settings are what a saved report asks, when, and in which language it writes.
type Settings struct {
	GroupBy    []report.Dimension `json:"groupBy" minItems:"1" maxItems:"5" enum:"month,province,city,class,industry"`
	Measures   []report.Measure   `json:"measures" minItems:"1" maxItems:"5" enum:"customers,newCustomers,lostCustomers,members,incomeFen"`
	Provinces  []codes.Province   `json:"province" maxItems:"40" doc:"Empty: all; so are the following"`
	Cities     []codes.City       `json:"city" maxItems:"400" pattern:"^[0-9]{6}$" doc:"GB/T 2260"`
	Classes    []codes.Class      `json:"class" maxItems:"6" enum:"A1,A2,B1,B2,C,D"`
	Industries []codes.Section    `json:"industry" maxItems:"20" pattern:"^[A-T]$" doc:"GB/T 4754 sections"`
	Period     Period             `json:"period" enum:"last_month,last_12_months,this_year" doc:"Relative to the run; this_year: from January to the last month that is over"`
	Language   string             `json:"language" enum:"zh,en" doc:"Of the workbook"`
	Schedule   Schedule           `json:"schedule"`
}

// State is where a run stands.
type State string

// The states.
const (
	Queued State = "queued"
	Done   State = "done"
	Failed State = "failed"
)

// Run is one making of a report.
type Run struct {
	ID         int64
	ReportID   int64
	DueAt      time.Time
	OrderedBy  string // login; empty: the clock
	State      State
	Attempts   int16  // that failed
	Trouble    string // code of what ended it or is tried over
	From, To   string // months, YYYY-MM
	Rows       int32
	Bytes      int32
	DataTime   *time.Time // every change that provinces committed before this is in the figures; nil: not known
	FinishedAt *time.Time
}

// File is the workbook of a run.
type File struct {
	Name    string
	Content []byte
}

// Bounds of a person's reports, of a name, of what is kept, and of how often a run is tried.
const (
	maxReports  = 100
	maxName     = 60
	maxKeepDays = 366
	maxAttempts = 5
)

// again is how long to wait after that many attempts have failed.
func again(attempts int16) time.Duration { return time.Minute << (attempts - 1) }

// question is what the report asks at a moment of headquarters' clock.
func (s Settings) question(at time.Time) report.Question {
	from, to := s.Period.months(at)
	return report.Question{
		From: from, To: to, Provinces: s.Provinces, Cities: s.Cities, Classes: s.Classes, Industries: s.Industries, GroupBy: s.GroupBy,
	}
}

// check gives the faults of the facts by themselves, joined, and the facts in one form.
func (f Facts) check() (Facts, error) {
	f.Name = strings.TrimSpace(f.Name)
	var faults []error
	switch {
	case f.Name == "":
		faults = append(faults, fault.Field(fault.TooShort, "name", "input.required"))
	case utf8.RuneCountInString(f.Name) > maxName:
		faults = append(faults, fault.Field(fault.TooLong, "name", "input.too_long", "max", maxName))
	}
	switch {
	case f.KeepDays < 1:
		faults = append(faults, fault.Field(fault.BelowMinimum, "keepDays", "input.below_minimum", "min", 1))
	case f.KeepDays > maxKeepDays:
		faults = append(faults, fault.Field(fault.AboveMaximum, "keepDays", "input.above_maximum", "max", maxKeepDays))
	}
	s := &f.Settings
	s.GroupBy, s.Measures = inOrder(report.Dimensions(), s.GroupBy), inOrder(report.Measures(), s.Measures)
	if len(s.GroupBy) == 0 {
		faults = append(faults, fault.Field(fault.TooShort, "groupBy", "input.required"))
	}
	if len(s.Measures) == 0 {
		faults = append(faults, fault.Field(fault.TooShort, "measures", "input.required"))
	}
	return f, errors.Join(append(faults, s.Schedule.check(), s.question(time.Now()).Check())...)
}

// inOrder keeps of all those that are chosen.
func inOrder[T comparable](all, chosen []T) []T {
	return slices.DeleteFunc(all, func(one T) bool { return !slices.Contains(chosen, one) })
}

// MayChange reports whether the caller, who sees the report, may change and remove it.
func (r Report) MayChange(caller account.Caller) bool {
	return r.OwnerID == caller.AccountID || !r.OwnerActive
}

// fileName is what a workbook is called where it is saved.
func fileName(name string, run Run) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf("%s %s–%s.xlsx", clean, run.From, run.To)
}
