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

// Begin starts a run of a province for somebody, or with approve lets the one go on that waits for
// a person, and gives its id. Faults: NotFound for an unknown province or nothing to approve,
// Conflict while another run of the province is going on.
type Begin func(ctx context.Context, province codes.Province, by string, approve bool) (int64, error)

// Run is one reconciliation.
type Run struct {
	ID          int64
	Province    codes.Province
	State       string // running, needs_approval, done or failed
	Trigger     string // schedule, retry or demand
	RequestedBy string
	ApprovedBy  string // empty: nobody had to
	Result      string // of a finished one: clean, repaired or diverged
	ReasonCode  string // why it failed or waits: a stable key
	Reason      string // and in words
	Epoch       int64  // with Point: where in the province's log both sides stood
	Point       string // empty: it did not come so far
	Rows        int64  // rows of the province's side
	Differences int64
	Repaired    int64
	Started     time.Time
	Ended       *time.Time
	Progress    Progress
}

// Progress is how far a run is.
type Progress struct {
	Phase       string `json:"phase"` // snapshot, barrier, compare, repair, recheck or sign
	Table       string `json:"table"`
	TablesDone  int    `json:"tablesDone"`
	Tables      int    `json:"tables"`
	Rows        int64  `json:"rows"`
	Ranges      int64  `json:"ranges"`
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
	Cause   string   // outside-stream, known-divergence or unknown
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
