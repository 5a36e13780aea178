package board

import "time"

// Advice is something about a province that a person should know, and what to do about it in the
// words of the portal; the runbook has a section of the same name.
type Advice string

// What there may be to say. The order is that in which it is shown: the worst first.
const (
	SlotLost      Advice = "slot-lost"   // the province's log is gone: a new epoch begins, differences travel
	StreamStopped Advice = "stopped"     // what comes cannot be applied
	HubEnds       Advice = "hub-ends"    // the hub will drop what is not applied
	LogEnds       Advice = "log-ends"    // the province's log will be given up
	LeafEnds      Advice = "leaf-ends"   // the leaf server will be full: the log holds what follows
	Parked        Advice = "parked"      // a transaction was not applied
	Diverged      Advice = "diverged"    // the last certificate says that both sides differ
	NotHeard      Advice = "not-heard"   // the link or the province's node is down
	Lagging       Advice = "lagging"     // the data is old although the province is heard
	Divergences   Advice = "divergences" // changes met no row; their repair is on its way
	NotProved     Advice = "not-proved"  // no certificate for two days
	Paused        Advice = "paused"      // a person stopped it
	Refilling     Advice = "refilling"   // what was lost comes again by itself
	Joining       Advice = "joining"     // the first copy runs
)

// Urgency says how soon somebody has to act.
type Urgency string

// The urgencies.
const (
	Now  Urgency = "now"  // something is lost or wrong, or will be within half a day
	Soon Urgency = "soon" // within days
	None Urgency = "none" // it mends itself, or a person wants it so
)

// Item is one advice for a province.
type Item struct {
	Advice  Advice
	Urgency Urgency
}

// The thresholds. The alert rules in deploy/alerts.yaml have the same.
const (
	soonDays    = 3.0
	nowDays     = 0.5
	oldData     = 5 * time.Minute
	oldEvidence = 48 * time.Hour
)

// Advice lists what there is to say about the province, the worst first.
func (p Province) Advice(now time.Time) (list []Item) {
	add := func(when bool, a Advice, u Urgency) {
		if when {
			list = append(list, Item{a, u})
		}
	}
	left := func(days *float64, a Advice) {
		if days != nil && *days < soonDays {
			add(true, a, map[bool]Urgency{true: Now, false: Soon}[*days < nowDays])
		}
	}
	add(p.Wal == "lost", SlotLost, Soon)
	add(p.State == "stopped", StreamStopped, Now)
	left(p.HubDays, HubEnds)
	left(p.LogDays, LogEnds)
	left(p.LeafDays, LeafEnds)
	add(p.Parked > 0 || p.Dirty > 0, Parked, Now)
	add(p.Certificate != nil && p.Certificate.Result == "diverged", Diverged, Now)
	add(!p.Connected(now), NotHeard, Now)
	add(p.Connected(now) && p.State == "running" && p.LagSeconds(now) > int64(oldData/time.Second), Lagging, Soon)
	add(p.Divergences > 0, Divergences, Soon)
	add(p.Epoch > 0 && (p.Certificate == nil || now.Sub(p.Certificate.At) > oldEvidence), NotProved, Soon)
	add(p.State == "paused", Paused, None)
	add(p.State == "refilling", Refilling, None)
	add(p.State == "joining", Joining, None)
	return list
}
