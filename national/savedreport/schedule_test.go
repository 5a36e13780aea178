package savedreport

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestDueByHeadquartersClock(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	after := time.Date(2026, 11, 26, 23, 30, 0, 0, time.UTC) // Friday the 27th, half past seven
	for _, c := range []struct {
		schedule Schedule
		want     string
	}{
		{Schedule{Daily, 1, "08:00"}, "2026-11-27T08:00:00+08:00"},
		{Schedule{Daily, 1, "07:30"}, "2026-11-28T07:30:00+08:00"}, // after, not at
		{Schedule{Weekly, 7, "00:05"}, "2026-11-29T00:05:00+08:00"},
		{Schedule{Weekly, 1, "06:00"}, "2026-11-30T06:00:00+08:00"},
		{Schedule{Monthly, 3, "09:15"}, "2026-12-03T09:15:00+08:00"},
	} {
		due, err := c.schedule.next(after, zone)
		if err != nil || due.In(zone).Format(time.RFC3339) != c.want {
			t.Errorf("%+v: %v %v, want %s", c.schedule, due, err, c.want)
		}
	}
	if due, err := (Schedule{Never, 1, "00:00"}).next(after, zone); due != nil || err != nil {
		t.Errorf("never: %v %v", due, err)
	}
	for _, wrong := range []Schedule{{Daily, 1, "24:00"}, {Daily, 1, ""}, {Weekly, 8, "08:00"}} {
		if wrong.check() == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

func TestPeriodsAreRelativeToTheRun(t *testing.T) {
	for at, want := range map[string]map[Period]string{
		"2026-11-26": {LastMonth: "2026-10 2026-10", LastTwelveMonths: "2025-11 2026-10", ThisYear: "2026-01 2026-10"},
		"2027-01-01": {LastMonth: "2026-12 2026-12", LastTwelveMonths: "2026-01 2026-12", ThisYear: "2026-01 2026-12"},
		"2027-03-31": {LastMonth: "2027-02 2027-02", LastTwelveMonths: "2026-03 2027-02", ThisYear: "2027-01 2027-02"},
	} {
		moment, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		for period, want := range want {
			from, to := period.months(moment)
			if got := from.Format("2006-01") + " " + to.Format("2006-01"); got != want {
				t.Errorf("%s at %s: %s, want %s", period, at, got, want)
			}
		}
	}
}
