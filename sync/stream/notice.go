package stream

import "jike/sync/wire"

// The calls and notices of capture and apply. Reconciliation has its own.
const (
	// NoticeCapture is sent by a province every second: what Capture says of itself.
	NoticeCapture = "capture"
	// NoticeApplied is sent by headquarters after it has committed: how far it is.
	NoticeApplied = "applied"
	// CallHello is asked by headquarters when it starts: the answer is a CaptureNotice.
	CallHello = "hello"
	// CallRefill asks a province to send again what follows a position: a RefillRequest.
	CallRefill = "refill"
	// CallRepair asks a province to send the current state of rows: a RepairRequest.
	CallRepair = "repair"
)

// CaptureNotice says where a province's capture is. From it headquarters learns which stream to
// source and what the board shows.
type CaptureNotice struct {
	Stream          Identity `json:"stream"`
	Head            wire.LSN `json:"head"`      // end of the province's log
	Published       wire.LSN `json:"published"` // last transaction on the leaf's disk
	BacklogMessages uint64   `json:"backlogMessages"`
	BacklogBytes    uint64   `json:"backlogBytes"`
	Error           string   `json:"error,omitempty"` // why capture does not run

	Existing bool     `json:"existing,omitempty"` // selected rows were there before the epoch began: the stream alone is not enough
	Begun    wire.LSN `json:"begun,omitempty"`    // where the epoch began: the stream has what is committed from there on
	Reason   string   `json:"reason,omitempty"`   // why the epoch began

	// How long the province can go on without headquarters: see capture.Budget.
	Wal      string  `json:"wal,omitempty"` // wal_status of the slot
	LogLeft  int64   `json:"logLeft"`       // bytes until PostgreSQL may give up the slot; -1: no limit
	LogDays  float64 `json:"logDays"`
	LeafLeft int64   `json:"leafLeft"` // bytes until the leaf's stream is full
	LeafDays float64 `json:"leafDays"`
}

// AppliedNotice says up to which transaction headquarters has committed.
type AppliedNotice struct {
	Epoch int64    `json:"epoch"`
	LSN   wire.LSN `json:"lsn"`
}

// RefillRequest asks for everything after a position.
type RefillRequest struct {
	Epoch int64    `json:"epoch"`
	LSN   wire.LSN `json:"lsn"`
	// Incarnation is the youngest that headquarters knows: if the province has moved on already,
	// there is nothing to do.
	Incarnation int64 `json:"incarnation"`
	// Chain is the chain at LSN in hex, or empty if it is not known: a province whose log gives
	// another one for that position has another log.
	Chain string `json:"chain,omitempty"`
}

// RepairRequest asks for the current state of rows.
type RepairRequest struct {
	Table string  `json:"table"`
	Keys  []int64 `json:"keys"`
}
