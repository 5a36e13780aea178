package apply

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"jike/sync/stream"
)

// What the province is told, what it tells, and what the board shows of it.

// tellEvery is how often the province is told the position, and the board is brought up to date,
// whatever happens: a notice may be lost.
const tellEvery = time.Second

// writePatience bounds one statement about what the board shows.
const writePatience = 20 * time.Second

// onCapture takes what the province's capture says of itself.
func (a *Apply) onCapture(data []byte) {
	var n stream.CaptureNotice
	if err := json.Unmarshal(data, &n); err != nil || n.Stream.Province != a.opts.Province {
		a.opts.Log.Warn("apply: a notice that is none", "province", a.opts.Province, "error", err)
		return
	}
	a.mu.Lock()
	a.heard, a.status.Heard = n, time.Now()
	a.status.Health.told(n)
	if n.Stream.Incarnation > 0 && n.Stream.After(a.identity) {
		a.identity = n.Stream
		close(a.news)
		a.news = make(chan struct{})
	}
	a.mu.Unlock()
	poke(a.ask)
}

// youngest is the youngest identity heard of.
func (a *Apply) youngest() stream.Identity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.identity
}

// newsOf is closed when a younger identity is heard of.
func (a *Apply) newsOf() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.news
}

// standBy shows that another process leads.
func (a *Apply) standBy() {
	a.mu.Lock()
	a.gap = nil
	a.mu.Unlock()
	a.setState(Standby, "")
}

// reading shows that a session reads from a position. What stopped the last one is not forgotten
// before something is applied.
func (a *Apply) reading(at cursor) {
	a.mu.Lock()
	a.status.Epoch, a.status.Applied = at.epoch, at.link.LSN
	state := a.status.State
	a.mu.Unlock()
	if state == Waiting || state == Joining || state == Standby || state == Paused {
		a.setState(Running, "")
	}
	poke(a.ask)
	poke(a.tell)
}

// progressed counts what was committed.
func (a *Apply) progressed(at cursor, committed time.Time, heartbeat int64, transactions, rows, conflicts int) {
	a.mu.Lock()
	s := &a.status
	s.Epoch, s.Applied = at.epoch, at.link.LSN
	if !committed.IsZero() {
		s.Committed = committed
	}
	if heartbeat != 0 {
		s.Heartbeat = time.UnixMicro(heartbeat)
	}
	s.Transactions += int64(transactions)
	s.Rows += int64(rows)
	s.Conflicts += int64(conflicts)
	a.gap = nil
	a.mu.Unlock()
	a.setState(Running, "")
	poke(a.tell)
}

// noticeIncidents has the province asked for repairs.
func (a *Apply) noticeIncidents(n int) {
	if n == 0 {
		return
	}
	a.mu.Lock()
	a.status.Divergences += int64(n)
	a.mu.Unlock()
	poke(a.ask)
}

// setGap begins to ask for a refill. While it goes on what comes meanwhile only tells up to which
// incarnation nothing follows.
func (a *Apply) setGap(g *gap, why string) {
	a.mu.Lock()
	fresh := a.gap == nil || a.status.State != Refilling
	a.gap = g
	a.mu.Unlock()
	if fresh {
		a.setState(Refilling, why)
		poke(a.ask)
	}
}

// leads reports whether a session of this process applies the province.
func (a *Apply) leads() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status.State != Standby
}

// keepTelling tells the province what is applied, after every commit and once a second.
func (a *Apply) keepTelling(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-a.tell:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		epoch, lsn := a.Applied()
		if epoch == 0 || !a.leads() {
			continue
		}
		data, err := json.Marshal(stream.AppliedNotice{Epoch: epoch, LSN: lsn})
		if err != nil {
			a.opts.Log.Error("apply: notice", "error", err)
			continue
		}
		_ = a.opts.Control.Notify(stream.NoticeApplied, data) // the next one follows in a second
	}
}

// keepBoard writes what the board shows.
func (a *Apply) keepBoard(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-a.board:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		a.measure(time.Now())
		if err := a.writeBoard(ctx); err != nil && ctx.Err() == nil {
			a.opts.Log.Debug("apply: board", "province", a.opts.Province, "error", err)
		}
	}
}

func (a *Apply) writeBoard(ctx context.Context) error {
	a.mu.Lock()
	s, heard, id := a.status, a.heard, a.identity
	a.mu.Unlock()
	if s.State == Standby {
		return nil
	}
	var at *time.Time
	if !s.Heard.IsZero() {
		at = &s.Heard
	}
	limited, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	_, err := a.opts.Pool.Exec(limited, `UPDATE sync.province_state SET state = $2, error = $3, heard_at = coalesce($4, heard_at),
		incarnation = greatest(incarnation, $5), head_lsn = greatest(head_lsn, $6::text::pg_lsn), backlog_messages = $7, backlog_bytes = $8
		WHERE province = $1`, a.opts.Province, string(s.State), s.Error, at, id.Incarnation, heard.Head.String(),
		int64(heard.BacklogMessages), int64(heard.BacklogBytes))
	return errors.Join(err, a.writeHealth(limited, s.Health))
}
