package board

import (
	"testing"
	"time"
)

func TestConnectedAndLag(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	for _, c := range []struct {
		heard, data *time.Time
		connected   bool
		lag         int64
	}{
		{nil, nil, false, -1},
		{ago(10 * time.Second), ago(12 * time.Second), true, 12},
		{ago(time.Minute), ago(time.Hour), false, 3600},
		{ago(0), ago(-3 * time.Second), true, 0}, // the province's clock is ahead
	} {
		p := Province{HeardAt: c.heard, DataTime: c.data}
		if p.Connected(now) != c.connected || p.LagSeconds(now) != c.lag {
			t.Errorf("heard %v, data %v: connected %t, lag %d", c.heard, c.data, p.Connected(now), p.LagSeconds(now))
		}
	}
}

// well is a province that nobody has to look at.
func well(now time.Time) Province {
	days := 100.0
	return Province{
		State: "running", Epoch: 1, HeardAt: &now, DataTime: &now, Wal: "reserved", LogDays: &days, LeafDays: &days, HubDays: &days,
		Certificate: &Certificate{At: now, Result: "clean"},
	}
}

func TestAdvice(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	few, none := 2.0, 0.1
	past := now.Add(-time.Hour)
	if list := well(now).Advice(now); len(list) > 0 {
		t.Errorf("a province that is well: %v", list)
	}
	for want, change := range map[Item]func(*Province){
		{SlotLost, Soon}:     func(p *Province) { p.Wal = "lost" },
		{StreamStopped, Now}: func(p *Province) { p.State = "stopped" },
		{HubEnds, Soon}:      func(p *Province) { p.HubDays = &few },
		{HubEnds, Now}:       func(p *Province) { p.HubDays = &none },
		{LogEnds, Soon}:      func(p *Province) { p.LogDays = &few },
		{LeafEnds, Now}:      func(p *Province) { p.LeafDays = &none },
		{Parked, Now}:        func(p *Province) { p.Parked = 1 },
		{Diverged, Now}:      func(p *Province) { p.Certificate.Result = "diverged" },
		{NotHeard, Now}:      func(p *Province) { p.HeardAt = &past },
		{Lagging, Soon}:      func(p *Province) { p.DataTime = &past },
		{Divergences, Soon}:  func(p *Province) { p.Divergences = 2 },
		{NotProved, Soon}:    func(p *Province) { p.Certificate = nil },
		{Paused, None}:       func(p *Province) { p.State = "paused" },
		{Refilling, None}:    func(p *Province) { p.State = "refilling" },
		{Joining, None}:      func(p *Province) { p.State = "joining" },
	} {
		p := well(now)
		change(&p)
		if list := p.Advice(now); len(list) != 1 || list[0] != want {
			t.Errorf("want %v, got %v", want, list)
		}
	}
}

// What is not known is no reason for an alarm: a province of the release before does not tell.
func TestNothingKnownIsNoAlarm(t *testing.T) {
	now := time.Now()
	p := well(now)
	p.Wal, p.LogDays, p.LeafDays, p.HubDays = "", nil, nil, nil
	if list := p.Advice(now); len(list) > 0 {
		t.Errorf("%v", list)
	}
}
