// Package reconciliation is headquarters' desk for the proof that both levels hold the same rows
// (对账): start a run, see how it goes, read what it found and its certificate. The proof itself is
// made by sync/reconcile.
package reconciliation

import (
	"context"
	"encoding/json"
	"time"

	"jike/schemas/codes"
)

// Request asks for a run.
type Request struct {
	Province codes.Province
	Approve  bool   // let the run go on that waits for a person
	Table    string // compared alone, with its schema; empty: all tables
	From, To *int64 // of that table the keys compared; nil: no bound
	Resync   bool   // repair any number of differences unasked
}

// Runner carries out runs. Every function is told who asks.
type Runner struct {
	// Begin starts a run and gives its id. Faults: NotFound for an unknown province or table or nothing to
	// approve, Rule for keys that make no sense, Conflict while another run of the province is going on.
	Begin func(ctx context.Context, by string, r Request) (int64, error)
	// BeginAll starts a run of every province and gives their ids; they take turns.
	BeginAll func(ctx context.Context, by string) ([]int64, error)
	// Cancel ends a run. Faults: NotFound for an unknown one, Conflict for one that has ended.
	Cancel func(ctx context.Context, by string, id int64) error
}

// Run is one reconciliation.
type Run struct {
	ID          int64
	Province    codes.Province
	State       string // running, needs_approval, done, failed or canceled
	Trigger     string // schedule, retry, demand or epoch
	RequestedBy string
	TableName   string // compared alone; empty: all tables
	KeyFrom     *int64 // nil: no bound
	KeyTo       *int64
	Resync      bool
	Attempt     int    // 2: repeats a run that failed, and so on
	ApprovedBy  string // empty: nobody had to
	Result      string // of a finished one: clean, repaired or diverged
	ReasonCode  string // why it failed or waits: a stable key
	Reason      string // and in words
	Epoch       int64  // with Point: where in the province's log both sides stood
	Point       string // empty: it did not come so far
	Rows        int64  // rows of the province's side
	Differences int64
	Causes      []CauseCount // of the differences
	Repaired    int64
	Started     time.Time
	Ended       *time.Time
	Progress    Progress
}

// CauseCount says how many differences are of a kind and have a cause.
type CauseCount struct {
	Kind  string `json:"kind"`
	Cause string `json:"cause"`
	Count int64  `json:"count"`
}

// Progress is how far a run is.
type Progress struct {
	Phase       string `json:"phase"` // queued, snapshot, barrier, compare, repair, recheck or sign
	Table       string `json:"table"`
	TablesDone  int    `json:"tablesDone"`
	Tables      int    `json:"tables"`
	Rows        int64  `json:"rows"`
	RowsInAll   int64  `json:"rowsInAll" doc:"As estimated; 0: not known"`
	Ranges      int64  `json:"ranges"`
	Rate        int64  `json:"rate" doc:"Rows compared in a second"`
	SecondsLeft int64  `json:"secondsLeft" doc:"Of the comparison, as estimated; 0: not known"`
	Differences int64  `json:"differences"`
	Repaired    int64  `json:"repaired"`
	Note        string `json:"note"`
}

// Difference is one row that was not the same on both sides.
type Difference struct {
	Recheck bool // found again after the repair
	Table   string
	Key     int64
	Kind    string   // missing, extra or different, seen from headquarters
	Columns []string // of a different row
	Cause   string   // see package sync/reconcile
}

// Detail is a run with what it found.
type Detail struct {
	Run         Run
	Differences []Difference    // the first of them, see MostDifferences
	Certificate json.RawMessage // as both nodes signed it; nil: there is none
}

// Bounds of what is listed.
const (
	MaxPageSize     = 100
	MostDifferences = 1000
)
