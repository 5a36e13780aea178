// Package job does what takes longer than a request: a list of lines is gone over in batches, each line
// gets an outcome, and the list with its outcomes is the result that can be fetched.
//
//	queued ──► running ──► done         every line has an outcome
//	   │          ├──────► failed       a fault, or a batch that failed five times in turn
//	   └──────────┴──────► cancelled    by who started it, or an administrator
//
// A batch is one transaction: what its Kind writes, the outcomes of its lines and the place that the job
// has reached commit together, so that a node that is killed goes on with the batch that it was in and
// nothing is done twice. A batch holds its job's row, so that several workers never share one, and who
// cancels waits for the batch that is under way. Open jobs take turns, a batch each. What a batch could
// not do because of the moment (a lock, a value taken meanwhile, a database that restarts) is tried over
// after a second, two, four, eight.
//
// Each batch runs with the rights that its owner has at that moment: an account that is closed fails its
// jobs. A job is seen by its owner and by administrators, and is forgotten with its lines Kept after it
// ended; the audit trail keeps who started it and how it ended.
package job

import (
	"encoding/csv"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jike/internal/fault"
)

// State is where a job stands.
type State string

// The states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Kept is how long an ended job is kept.
const Kept = 30 * 24 * time.Hour

// Refused is the outcome of a line that is not done, with the code of a fault as its reason. All other
// outcomes are the kind's own words.
const Refused = "refused"

// The bounds of a batch, of how often it is tried, and of a page.
const (
	batchLines  = 2000
	maxAttempts = 5
	MaxLines    = 200_000
)

// Job is a piece of work.
type Job struct {
	ID         int64
	Kind       string
	State      State
	OwnerID    int64  // account
	Owner      string // login
	CustomerID int64  // 0: of no one customer
	Parameters map[string]string
	Columns    []string // head of the lines
	Total      int      // lines
	Done       int      // lines gone over
	Counts     map[string]int
	Trouble    string // code of what ended it or is tried over
	Attempts   int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time
}

// Line is one line of a job.
type Line struct {
	Number  int // from 1
	Cells   []string
	Outcome string // empty: not gone over
	Reason  string
}

// Refuse gives the line the outcome Refused with the code of a fault.
func (l *Line) Refuse(code string) { l.Outcome, l.Reason = Refused, code }

// Order is what a new job is made of.
type Order struct {
	Kind       string
	CustomerID int64 // 0: of no one customer
	Parameters map[string]string
	Columns    []string
	Lines      []Line // with an outcome already: they are only counted
}

func (o Order) check() error {
	switch {
	case len(o.Lines) == 0:
		return fault.New(fault.TooShort, "job.lines.none")
	case len(o.Lines) > MaxLines:
		return fault.New(fault.TooLong, "job.lines.too_many", "max", MaxLines)
	}
	return nil
}

// RefuseBy refuses the line where err is a fault, with its code and the field that it is about, and reports whether it is
// one. Of several the first counts.
func (l *Line) RefuseBy(err error) bool {
	f, is := errors.AsType[*fault.Error](err)
	if is {
		l.Refuse(strings.TrimSpace(f.Code + " " + f.Field))
	}
	return is
}

// Words are the words that every result file needs, Chinese and English, and those that a kind adds.
func Words(added ...map[string][2]string) map[string][2]string {
	words := map[string][2]string{
		"line": {"行", "Line"}, "outcome": {"结果", "Outcome"}, "reason": {"原因", "Reason"}, "": {"", ""}, Refused: {"未处理", "refused"},
	}
	for _, more := range added {
		maps.Copy(words, more)
	}
	return words
}

// again is how long to wait after a batch has failed that many times.
func again(attempts int) time.Duration { return time.Second << (attempts - 1) }

// resultText writes lines as CSV for a spreadsheet: number, outcome and reason before the cells as they
// were sent. say puts outcomes and reasons into the reader's language.
func resultText(columns []string, lines []Line, say func(string) string) (string, error) {
	var b strings.Builder
	b.WriteString("\ufeff") // or Excel takes it for the local charset
	w := csv.NewWriter(&b)
	if err := w.Write(append([]string{say("line"), say("outcome"), say("reason")}, columns...)); err != nil {
		return "", err
	}
	for _, l := range lines {
		row := []string{strconv.Itoa(l.Number), say(l.Outcome), say(l.Reason)}
		for _, cell := range l.Cells {
			row = append(row, Harmless(cell))
		}
		if err := w.Write(row); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}

// Harmless keeps a spreadsheet from taking a text for a formula.
func Harmless(cell string) string {
	if cell == "" || !slices.Contains([]byte("=@+-\t"), cell[0]) {
		return cell
	}
	if len(cell) > 1 && cell[0] != '=' && cell[0] != '@' && strings.Trim(cell[1:], "0123456789 -") == "" {
		return cell // a number, such as a phone with its +86
	}
	return "'" + cell
}
