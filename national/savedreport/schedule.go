package savedreport

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"jike/internal/fault"
)

// Period is over which months a report is made, as seen from the moment that it is due.
type Period string

// The periods.
const (
	LastMonth        Period = "last_month" // the last one that is over
	LastTwelveMonths Period = "last_12_months"
	ThisYear         Period = "this_year" // of the last month that is over: in January the whole year before
)

// months are the first days of the period's first and last month.
func (p Period) months(at time.Time) (from, to time.Time) {
	to = time.Date(at.Year(), at.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	switch p {
	case LastTwelveMonths:
		return to.AddDate(0, -11, 0), to
	case ThisYear:
		return time.Date(to.Year(), time.January, 1, 0, 0, 0, 0, time.UTC), to
	}
	return to, to
}

// Frequency is how often a report is made.
type Frequency string

// The frequencies.
const (
	Never   Frequency = "never" // only when somebody orders it
	Daily   Frequency = "daily"
	Weekly  Frequency = "weekly"
	Monthly Frequency = "monthly"
)

// Schedule is when a report is made, by headquarters' clock.
type Schedule struct {
	Every Frequency `json:"every" enum:"never,daily,weekly,monthly"`
	Day   int       `json:"day" minimum:"1" maximum:"28" doc:"Of the month; or of the week, from 1, Monday, to 7; else without meaning"`
	At    string    `json:"at" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM"`
}

// lastWeekday is Sunday.
const lastWeekday = 7

func (s Schedule) check() error {
	if s.Every == Weekly && s.Day > lastWeekday {
		return fault.Field(fault.AboveMaximum, "day", "input.above_maximum", "max", lastWeekday)
	}
	if _, err := s.next(time.Now(), time.UTC); err != nil {
		return fault.Field(fault.Format, "at", "input.format")
	}
	return nil
}

// next is the first due time after a moment; nil where nothing is due by the clock.
func (s Schedule) next(after time.Time, zone *time.Location) (*time.Time, error) {
	at, err := time.Parse("15:04", s.At)
	if err != nil {
		return nil, err
	}
	day, weekday := "*", "*"
	switch s.Every {
	case Never:
		return nil, nil
	case Weekly:
		weekday = fmt.Sprint(s.Day % lastWeekday) // cron's week begins with Sunday, 0
	case Monthly:
		day = fmt.Sprint(s.Day)
	}
	clock, err := cron.ParseStandard(fmt.Sprintf("CRON_TZ=%s %d %d %s * %s", zone, at.Minute(), at.Hour(), day, weekday))
	if err != nil {
		return nil, err
	}
	due := clock.Next(after)
	return &due, nil
}
