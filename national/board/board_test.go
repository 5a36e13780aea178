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
