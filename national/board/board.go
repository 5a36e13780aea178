// Package board is headquarters' board of provinces: how far each one's stream is applied, what
// waits, what did not fit, and what the last proof said.
package board

import (
	"time"

	"jike/schemas/codes"
)

// silence is how long a province may say nothing before it counts as not connected; it speaks
// every ten seconds.
const silence = 35 * time.Second

// Certificate is the last reconciliation (对账) of a province that came to its end.
type Certificate struct {
	ID          int64 // of the run
	At          time.Time
	Result      string // clean, repaired or diverged
	Rows        int64  // rows that the province had at the point of proof
	Differences int64
	Repaired    int64
}

// Province is one province on the board.
type Province struct {
	Code            codes.Province
	State           string     // of apply: waiting, joining, running, refilling, stopped or paused
	Error           string     // why it is stopped or paused
	Epoch           int64      // 0: nothing applied yet
	LSN             string     // the last transaction applied, as a position of the province's log
	LagBytes        int64      // of the province's log between there and its end, as last heard
	BacklogMessages int64      // in the province, not taken by the hub, as last heard
	BacklogBytes    int64      // the same in bytes
	AppliedAt       *time.Time // when the last transaction was applied; nil: never
	HeartbeatAt     *time.Time // the province's clock in the last heartbeat applied
	HeardAt         *time.Time // when headquarters last heard of the province
	DataTime        *time.Time // every change committed before this is here; nil: nothing is known
	Reference       int64      // version of the reference data that it said it has; 0: none of this epoch
	ReferenceHead   int64      // newest version
	Divergences     int64      // changes that met no row and are not repaired yet
	Conflicts       int64      // inserts that met a row and replaced it
	Rows            int64      // replicated rows here, counted at RowsAt
	RowsAt          time.Time
	Certificate     *Certificate

	Transactions float64  // applied a second, of late
	Changes      float64  // in them
	Wal          string   // wal_status of the province's slot: reserved, extended, unreserved, lost; empty: not known
	LogLeft      *int64   // bytes until the province's database may give up its slot; -1: no limit is set; nil: not known
	LogDays      *float64 // until then
	LeafDays     *float64 // until the leaf server is full and the log has to hold what follows; nil: not known
	HubDays      *float64 // until the hub drops what is not applied; nil: not known
	Parked       int64    // transactions that were not applied and wait for a person
	Dirty        int64    // keys whose rows here may differ from the province's for that
	Copy         *Copy    // the first copy, while it runs
}

// Copy is the first copy of a province that joined with rows.
type Copy struct {
	Expected int64 // rows, about
	Copied   int64
	BegunAt  time.Time
}

// Connected reports whether the province was heard of lately.
func (p Province) Connected(now time.Time) bool {
	return p.HeardAt != nil && now.Sub(*p.HeardAt) < silence
}

// LagSeconds is how old the province's data is at most, in whole seconds; -1 if nothing is known.
// It grows while a province is out of reach, and between two heartbeats.
func (p Province) LagSeconds(now time.Time) int64 {
	if p.DataTime == nil {
		return -1
	}
	return max(0, int64(now.Sub(*p.DataTime)/time.Second)) // the province's clock may be ahead
}
