package reconcile

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones also where the machine has none

	"github.com/robfig/cron/v3"

	"jike/internal/fault"
)

// scheduler is who asks for scheduled runs.
const scheduler = "schedule"

// parseSchedule reads a cron expression in a time zone; nil for an empty one.
func parseSchedule(expression, zone string) (cron.Schedule, error) {
	if zone == "" {
		zone = "UTC"
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	if strings.TrimSpace(expression) == "" {
		return nil, nil
	}
	s, err := cron.ParseStandard("CRON_TZ=" + zone + " " + expression)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", expression, err)
	}
	return s, nil
}

// keepSchedule begins a run whenever the schedule says so, until the node stops.
func (n *National) keepSchedule(province int16, schedule cron.Schedule) {
	for {
		now := time.Now()
		if !n.wait(schedule.Next(now).Sub(now)) {
			return
		}
		n.persist(Request{Province: province, By: scheduler, trigger: Scheduled}, n.opts.RetryAfter)
	}
}

// repeated reports whether a run ended in a way that is worth another.
func repeated(r Run) bool {
	return r.State == Failed || r.Trigger == Epoch && r.State == Done && *r.Result == Diverged
}

// repeatedAs is what began a run that repeats another.
func repeatedAs(t Trigger) Trigger {
	if t == Epoch {
		return Epoch
	}
	return Retry
}

// persist carries out a run and repeats it while it fails, so that a province which is off-line at
// the hour has its proof later the same night, and a night that the node's restart cut off goes on.
// A run that was cut off itself is repeated by the next start of the node.
func (n *National) persist(req Request, after time.Duration) {
	req.Queue = true
	for req.attempt = max(req.attempt, 1); req.attempt <= n.opts.Retries+1; req.attempt++ {
		req.repeats = n.opts.Retries + 1 - req.attempt
		var end Run
		id, err := n.Start(n.ctx, req)
		if err == nil {
			err = n.Follow(n.ctx, id, func(r Run) { end = r })
		}
		if fault.Is(err, fault.Conflict) {
			return // one asked for by a person is going on: it is as good
		}
		if err == nil && !repeated(end) {
			return
		}
		if err != nil && n.ctx.Err() == nil {
			n.opts.Log.Error("reconciliation could not begin", "province", req.Province, "error", err)
		}
		req.trigger = repeatedAs(req.trigger)
		if !n.wait(after) {
			return
		}
	}
}

// newEpoch is who asks for the runs that a new epoch waits for.
const newEpoch = "epoch"

// keepProving begins a run whenever the province's stream is applied in an epoch in which nothing is
// proved. If all repetitions fail, it leaves the epoch to the nightly run; Ended has told that.
func (n *National) keepProving(s Site) {
	var settled int64 // the epoch that is proved or was tried
	for n.wait(n.opts.Look) {
		epoch, _ := s.Applied()
		if epoch == 0 || epoch == settled || !s.Running() {
			continue
		}
		proven, err := n.store.isProven(n.ctx, s.Province, epoch)
		if err != nil {
			if n.ctx.Err() == nil {
				n.opts.Log.Error("reconciliation: whether the epoch is proved is not known", "province", s.Province, "error", err)
			}
			continue
		}
		if !proven {
			busy, err := n.store.isRunning(n.ctx, s.Province)
			if err != nil || busy {
				continue // by a person, or by the schedule: then it may be proved
			}
			n.persist(Request{Province: s.Province, By: newEpoch, trigger: Epoch}, n.opts.EpochAfter)
		}
		settled = epoch
	}
}

// wait is false if the node stops before the time is over.
func (n *National) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-n.ctx.Done():
		return false
	}
}
