package capture

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"jike/sync/stream"
	"jike/sync/wire"
)

// statusEvery is how often PostgreSQL is told the position and headquarters the state. PostgreSQL
// gives up on a reader after wal_sender_timeout, a minute by default.
const statusEvery = time.Second

// keepConfirming tells PostgreSQL what it may forget, as often as it asks and once a second. It
// never waits for NATS: what it needs of the leaf it does beside, and late is good enough.
func (c *Capture) keepConfirming(ctx context.Context, s state, leaf *stream.Leaf, f *feed) error {
	confirmed := s.confirmed.LSN
	sweep := make(chan uint64, 1)
	go c.keepSweeping(ctx, leaf, sweep)
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		m, purge, ok := c.tracker.due(c.opts.Cap)
		if ok && m.link.LSN > confirmed {
			if err := c.confirm(ctx, s, m); err != nil {
				return err
			}
			confirmed = m.link.LSN
		}
		if purge > 0 {
			select {
			case <-sweep: // this one takes its messages along
			default:
			}
			sweep <- purge
		}
		if err := f.status(confirmed); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-c.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keepSweeping purges the leaf's stream up to what headquarters has applied, and looks at what is
// left and tells headquarters. A purge that failed is tried again: a stream that is full may have
// no later one.
func (c *Capture) keepSweeping(ctx context.Context, leaf *stream.Leaf, sweep <-chan uint64) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	var leafRate meter
	var before, purged uint64
	for {
		if before > purged {
			if err := leaf.Purge(ctx, before); err == nil {
				purged = before
			} else if ctx.Err() == nil {
				c.opts.Log.Warn("capture: purge", "error", err)
			}
		}
		select {
		case before = <-sweep:
		case <-tick.C:
			messages, bytes, err := leaf.Backlog(ctx)
			if err != nil {
				c.opts.Log.Debug("capture: the leaf's backlog is not known", "error", err)
			} else {
				leafRate.add(time.Now(), uint64(c.stored.Load()))
				c.mu.Lock()
				c.status.BacklogMessages, c.status.BacklogBytes = messages, bytes
				c.status.Budget.leaf(leaf.MaxBytes()-int64(bytes), &leafRate)
				c.mu.Unlock()
			}
			c.judge(leaf.MaxBytes())
			c.announce()
		case <-ctx.Done():
			return
		}
	}
}

// keepBeating puts the province's clock into the log: as a transactional message it comes in order
// with everything else, so its age at headquarters is the lag.
func (c *Capture) keepBeating(ctx context.Context) error {
	tick := time.NewTicker(c.opts.Heartbeat)
	defer tick.Stop()
	for {
		_, err := c.opts.Pool.Exec(ctx, `SELECT pg_logical_emit_message(true, $1,
			int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint))`, prefixHeartbeat)
		if err != nil {
			return fmt.Errorf("capture: heartbeat: %w", err)
		}
		select {
		case <-tick.C:
		case <-c.beat:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Status describes the capture now.
func (c *Capture) Status() Status {
	published, applied, head := c.tracker.state()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Head, s.Published, s.Applied = head, published, applied
	if head > applied {
		s.LagBytes = uint64(head - applied)
	}
	if applied < published {
		s.LagSeconds = time.Since(c.unapplied).Seconds()
	}
	return s
}

func (c *Capture) notice() stream.CaptureNotice {
	s := c.Status()
	return stream.CaptureNotice{
		Stream:    stream.Identity{Province: c.opts.Province, Epoch: s.Epoch, Incarnation: s.Incarnation},
		Head:      s.Head,
		Published: s.Published, BacklogMessages: s.BacklogMessages, BacklogBytes: s.BacklogBytes, Error: s.Error,
		Existing: s.Existing, Begun: s.Begun, Reason: s.Reason, Wal: s.Budget.Wal,
		LogLeft: s.Budget.LogLeft, LogDays: s.Budget.LogDays, LeafLeft: s.Budget.LeafLeft, LeafDays: s.Budget.LeafDays,
	}
}

// announce tells headquarters. A notice that is lost is followed by the next.
func (c *Capture) announce() {
	published, applied, _ := c.tracker.state()
	c.mu.Lock()
	if applied >= published || c.unapplied.IsZero() || applied > c.lastApplied {
		c.unapplied, c.lastApplied = time.Now(), applied
	}
	c.mu.Unlock()
	data, err := json.Marshal(c.notice())
	if err != nil {
		c.opts.Log.Error("capture: notice", "error", err)
		return
	}
	_ = c.opts.Control.Notify(stream.NoticeCapture, data) // the next one follows in a second
}

// onApplied takes what headquarters says to have applied. It never waits.
func (c *Capture) onApplied(data []byte) {
	var n stream.AppliedNotice
	if err := json.Unmarshal(data, &n); err != nil {
		return // not for us
	}
	c.mu.Lock()
	streams, epoch := c.end != nil, c.status.Epoch
	c.mu.Unlock()
	switch {
	case !streams:
	case n.Epoch > epoch:
		c.wantEpoch(fmt.Sprintf("headquarters is at epoch %d, this was %d: the database was restored", n.Epoch, epoch), n.Epoch)
	case !c.tracker.setApplied(n.Epoch, n.LSN):
		select {
		case c.doubt <- n.LSN:
		default: // one is being looked at
		}
	}
}

// onRefill answers headquarters, which misses what follows a position.
func (c *Capture) onRefill(ctx context.Context, request []byte) ([]byte, error) {
	var r stream.RefillRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	s, err := load(ctx, c.opts.Pool)
	switch {
	case err != nil:
		return nil, err
	case s.begun == 0:
		return nil, nil // a new epoch is under way
	case r.Epoch > s.epoch:
		c.wantEpoch(fmt.Sprintf("headquarters is at epoch %d, this was %d: the database was restored", r.Epoch, s.epoch), r.Epoch)
		return nil, nil
	case r.Epoch != 0 && r.Epoch < s.epoch:
		return nil, fmt.Errorf("epoch %d is asked for, this is %d", r.Epoch, s.epoch)
	case s.incarnation > r.Incarnation:
		return nil, nil // already under way
	case s.previous.LSN > r.LSN:
		c.wantEpoch(fmt.Sprintf("the log begins after %s, and headquarters is at %s: only a digest can tell what is missing", s.previous.LSN, r.LSN), 0)
		return nil, nil
	}
	c.mu.Lock()
	c.refill = true
	if chain, err := hex.DecodeString(r.Chain); err == nil && len(chain) == len(wire.Hash{}) && r.LSN != 0 {
		c.named = wire.Link{LSN: r.LSN, Chain: wire.Hash(chain)}
	}
	end := c.end
	c.mu.Unlock()
	if end != nil {
		end(errRefill)
	}
	return nil, nil
}

func (c *Capture) onRepair(ctx context.Context, request []byte) ([]byte, error) {
	var r stream.RepairRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	for _, t := range c.opts.Tables {
		if t.Qualified() == r.Table {
			return nil, c.Repair(ctx, t, r.Keys, wire.LSN(0))
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrSchema, r.Table)
}
