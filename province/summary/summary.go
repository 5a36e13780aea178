// Package summary keeps the monthly summary (月度汇总): for every month, city, class and industry
// section the number of customers, their members and their income. It counts all customers,
// selected for headquarters or not, and is always replicated: headquarters reports from it.
//
// A customer counts in a month if it was known before the month's end and is not lost, or was
// billed for the month. It counts under the class that it had at the month's end. City, industry
// and the count of members have no history: the present ones are taken.
package summary

import (
	"time"

	"jike/schemas/codes"
)

// late is for how long after its transaction began a bill may become visible.
const late = 10 * time.Minute

// months lists the first days of the months from the first to the one of now.
func months(first, now time.Time) []time.Time {
	var list []time.Time
	last := monthOf(now)
	for m := monthOf(first); !m.After(last); m = m.AddDate(0, 1, 0) {
		list = append(list, m)
	}
	return list
}

// monthOf is the first day of the month, as a date.
func monthOf(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }

// sections pairs each division of industry with its section, as two columns.
func sections() (divisions, letters []string) {
	for _, d := range codes.Industries() {
		divisions, letters = append(divisions, string(d)), append(letters, string(d.Section()))
	}
	return divisions, letters
}
