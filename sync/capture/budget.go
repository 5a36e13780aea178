package capture

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Budget says how much the log and the leaf's stream can take before something is lost or held up,
// and for how many days that is enough at the rate of the last minutes. Days are Forever when
// nothing is written or no limit is set.
type Budget struct {
	Wal      string  // the slot's wal_status: reserved, extended, unreserved or lost
	LogLeft  int64   // bytes of log until PostgreSQL may give up the slot; -1: no limit is set
	LogDays  float64 // until then
	LeafLeft int64   // bytes until the leaf's stream refuses more, and the log has to hold what follows
	LeafDays float64 // until then
}

// Forever is the most days that a Budget shows.
const Forever = 3650

func (b *Budget) log(s slotState, rate *meter) {
	b.Wal, b.LogLeft, b.LogDays = s.wal, s.left, Forever
	if s.left >= 0 {
		b.LogDays = rate.days(s.left)
	}
}

func (b *Budget) leaf(left int64, rate *meter) { b.LeafLeft, b.LeafDays = left, rate.days(left) }

// meter reckons the rate of a counter, weighing the last minutes most.
type meter struct {
	at    time.Time
	count uint64
	rate  float64 // per second, too small by the share that was not measured yet
	share float64 // of the span that was measured
}

// meterSpan is the time after which what was measured counts for a third.
const meterSpan = 10 * time.Minute

func (m *meter) add(now time.Time, count uint64) {
	if elapsed := now.Sub(m.at).Seconds(); !m.at.IsZero() && elapsed > 0 && count >= m.count {
		weight := 1 - math.Exp(-elapsed/meterSpan.Seconds())
		m.rate += weight * (float64(count-m.count)/elapsed - m.rate)
		m.share += weight * (1 - m.share)
	}
	m.at, m.count = now, count
}

func (m *meter) days(left int64) float64 {
	if m.rate <= 0 {
		return Forever
	}
	return min(Forever, max(0, float64(left))/(m.rate/m.share)/(24*60*60))
}

// keepLeading looks every second whether this process still captures, how much log is left, and
// whether headquarters can have applied what it says.
func (c *Capture) keepLeading(ctx context.Context, lead *lead) error {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	var rate meter
	for {
		slot, err := lead.slot(ctx)
		if err != nil {
			return err
		}
		rate.add(time.Now(), uint64(slot.end))
		c.mu.Lock()
		c.status.Budget.log(slot, &rate)
		c.mu.Unlock()
		select {
		case <-tick.C:
		case lsn := <-c.doubt:
			if slot, err = lead.slot(ctx); err == nil && slot.end < lsn {
				err = fmt.Errorf("%w: it ends at %s, and headquarters has applied %s", ErrOtherLog, slot.end, lsn)
			}
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
