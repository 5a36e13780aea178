package apply

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/sync/stream"
)

// Health is what the board shows of how fast a province is applied and how long it can wait.
type Health struct {
	Transactions float64 // applied a second, of late
	Changes      float64 // in them
	Wal          string  // wal_status of the province's slot; empty: the province has not told
	LogLeft      int64   // bytes until the province's PostgreSQL may give up the slot; -1: no limit
	LogDays      float64 // until then
	LeafLeft     int64   // bytes until the leaf server is full
	LeafDays     float64 // until then
	HubKnown     bool    // whether the hub was looked at
	HubLeft      int64   // bytes until the hub drops what is not applied
	HubDays      float64 // until then
}

// rateSpan is the time after which what was measured counts for a third.
const rateSpan = 20 * time.Second

// measure brings the rates up to date.
func (a *Apply) measure(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &a.status
	if elapsed := now.Sub(a.measured.at).Seconds(); !a.measured.at.IsZero() && elapsed > 0 {
		weight := 1 - math.Exp(-elapsed/rateSpan.Seconds())
		s.Health.Transactions += weight * (float64(s.Transactions-a.measured.transactions)/elapsed - s.Health.Transactions)
		s.Health.Changes += weight * (float64(s.Rows-a.measured.rows)/elapsed - s.Health.Changes)
	}
	a.measured = measured{now, s.Transactions, s.Rows}
}

// measured is what was counted when the rates were last brought up to date.
type measured struct {
	at                 time.Time
	transactions, rows int64
}

// roomEvery is how often the hub is asked how much it can still take.
const roomEvery = 10 * time.Second

// lookForRoom notes how long what is not applied may stay at the hub.
func (a *Apply) lookForRoom(ctx context.Context, hub *stream.Hub) {
	a.mu.Lock()
	due := time.Since(a.looked) >= roomEvery
	a.mu.Unlock()
	if !due {
		return
	}
	room, err := hub.Room(ctx, a.taken.Load())
	if err != nil {
		return // the session's own look at the stream says what is wrong
	}
	a.mu.Lock()
	a.looked = time.Now()
	a.status.Health.HubKnown, a.status.Health.HubLeft, a.status.Health.HubDays = true, room.Bytes, room.Days
	a.mu.Unlock()
}

// told takes over what the province says of its own reserves.
func (h *Health) told(n stream.CaptureNotice) {
	h.Wal, h.LogLeft, h.LogDays, h.LeafLeft, h.LeafDays = n.Wal, n.LogLeft, n.LogDays, n.LeafLeft, n.LeafDays
}

// writeHealth writes it for the board. What is not known now stays as it was.
func (a *Apply) writeHealth(ctx context.Context, h Health) error {
	b := &pgx.Batch{}
	b.Queue(`UPDATE sync.province_state SET transaction_rate = $2, change_rate = $3 WHERE province = $1`, a.opts.Province, h.Transactions, h.Changes)
	if h.Wal != "" {
		b.Queue(`UPDATE sync.province_state SET wal = $2, log_left = $3, log_days = $4, leaf_left = $5, leaf_days = $6 WHERE province = $1`,
			a.opts.Province, h.Wal, h.LogLeft, h.LogDays, h.LeafLeft, h.LeafDays)
	}
	if h.HubKnown {
		b.Queue(`UPDATE sync.province_state SET hub_left = $2, hub_days = $3 WHERE province = $1`, a.opts.Province, h.HubLeft, h.HubDays)
	}
	return a.opts.Pool.SendBatch(ctx, b).Close()
}
