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
		n.scheduled(province)
	}
}

// scheduled carries out one night's run and repeats it if it fails, so that a province which is
// off-line at the hour has its proof later the same night.
func (n *National) scheduled(province int16) {
	trigger := Scheduled
	for try := 0; try <= n.opts.Retries; try++ {
		var end Run
		id, err := n.Start(n.ctx, Request{Province: province, By: scheduler, trigger: trigger})
		if err == nil {
			err = n.Follow(n.ctx, id, func(r Run) { end = r })
		}
		if fault.Is(err, fault.Conflict) {
			return // one asked for by a person is going on: it is as good
		}
		if err == nil && end.State != Failed {
			return
		}
		if err != nil && n.ctx.Err() == nil {
			n.opts.Log.Error("reconciliation could not begin", "province", province, "error", err)
		}
		trigger = Retry
		if !n.wait(n.opts.RetryAfter) {
			return
		}
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
