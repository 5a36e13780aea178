package reconciliation

import (
	"slices"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
	"jike/schemas/replica"
)

// Submissions is the board of what provinces sent up (上报看板): a line for each province, a cell for
// each night, of all data sets together or of one. A province has submitted when a reconciliation
// proved that headquarters holds what it holds.
type Submissions struct {
	Nights    []string // dates of the mornings, the newest first
	DataSet   string   // empty: all together
	Provinces []Submitting
}

// Submitting is one province; a night that is not in Cells has had no run.
type Submitting struct {
	Province codes.Province
	Cells    []Submission
}

// Submission is what became of one night: the last run that came to its end, else the last one.
type Submission struct {
	Night       string
	State       string // of the run
	Result      string // empty unless the run is done: clean, repaired or diverged
	Run         int64
	Rows        int64 // of the province's side
	Differences int64 // rows that differed; of one data set: ranges of about a thousand rows
}

// maxNights bounds the board.
const maxNights = 31

// DataSets lists what provinces send up.
func DataSets() []string {
	var names []string
	for _, t := range replica.Up {
		names = append(names, t.Qualified())
	}
	return names
}

// SubmissionFilter says what a board shows.
type SubmissionFilter struct {
	Until   string // the newest night; empty: the one of now, which in the afternoon is the coming one
	Nights  int
	DataSet string // empty: all together
}

// nights gives the nights of the board and the time that they cover.
func (f SubmissionFilter) nights(now time.Time) (names []string, from, until time.Time, err error) {
	if f.Nights < 1 {
		return nil, from, until, fault.Field(fault.BelowMinimum, "nights", "input.below_minimum", "min", 1)
	}
	if f.Nights > maxNights {
		return nil, from, until, fault.Field(fault.AboveMaximum, "nights", "input.above_maximum", "max", maxNights)
	}
	if f.DataSet != "" && !slices.Contains(DataSets(), f.DataSet) {
		return nil, from, until, fault.Field(fault.Enumeration, "dataSet", "input.not_in_list")
	}
	if f.Until == "" { // what was compared since noon is to be seen, too
		f.Until = now.In(codes.China).Add(12 * time.Hour).Format(time.DateOnly)
	}
	_, _, until, err = night(f.Until, now)
	for n := range f.Nights {
		names = append(names, until.AddDate(0, 0, -n).Format(time.DateOnly))
	}
	return names, until.AddDate(0, 0, -f.Nights), until, err
}
